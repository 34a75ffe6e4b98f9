select /*+ BROADCAST(t), STATE_TTL('a' = '1d') */ 1
