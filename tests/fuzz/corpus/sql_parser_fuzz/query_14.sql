select * from ((select 1) union select 2) as t (x)
