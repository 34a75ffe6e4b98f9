select a s from t group by a, (b, c), rollup(d, (e, f)), grouping sets((), a) having count(*) > 1 order by a limit 5 offset 2
