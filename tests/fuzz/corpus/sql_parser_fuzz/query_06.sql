(select 1 limit 3) limit 2
