select * from session(table t partition by a, descriptor(ts), interval '1' day)
