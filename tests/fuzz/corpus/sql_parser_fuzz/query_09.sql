select sum(a) over w from t window w as (partition by b) qualify c = 1
