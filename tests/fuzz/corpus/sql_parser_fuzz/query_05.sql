(select 1 limit 1) union (select 2 order by 1) fetch next 3 rows only
