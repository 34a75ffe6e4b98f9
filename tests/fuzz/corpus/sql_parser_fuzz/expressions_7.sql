SELECT json_exists(a, '$' unknown on error),
  json_object(key 'a' value 1, 'b': 2 absent on null),
  json_array(1, null null on null),
  json_array(null on null) FROM t;
