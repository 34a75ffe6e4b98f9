select * from t, lateral table(f(t.x)) as r(y)
