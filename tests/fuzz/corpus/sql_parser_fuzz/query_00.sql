select distinct a, t.*, b as `from` from t x where a > 1
