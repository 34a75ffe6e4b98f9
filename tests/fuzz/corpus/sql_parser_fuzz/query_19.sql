select * from session(data => table t partition by (a, b), timecol => descriptor(ts), gap => interval '1' minute)
