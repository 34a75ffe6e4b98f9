select * from t cross join unnest(t.a) with ordinality as u(x, i)
