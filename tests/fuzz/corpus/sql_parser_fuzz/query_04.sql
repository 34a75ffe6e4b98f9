(select 1 union select 2) intersect select 3
