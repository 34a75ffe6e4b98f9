with a (x) as (select 1), b as (values (1, 2), (3, 4)) select * from a, b
