select * from table(tumble(table t, descriptor(ts), interval '1' hour))
