select * from t /*+ OPTIONS('a'='b') */ for system_time as of l.p as s
