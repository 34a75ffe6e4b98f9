-- A quarter of US flights: late ones into files, weekly counts into others, and delays by state on the screen.
-- Paths begin in the directory that thalweg is started in: run it from the root of the repository.

CREATE TABLE flights (
  departed TIMESTAMP(0),
  origin STRING,
  destination STRING,
  distance INT,
  delay INT,
  WATERMARK FOR departed AS departed - INTERVAL '1' HOUR
) WITH (
  'connector' = 'filesystem',
  'path' = 'examples/data/flights.jsonl',
  'format' = 'json'
);

CREATE TABLE airports (
  iata STRING,
  name STRING,
  city STRING,
  state STRING,
  country STRING,
  latitude DOUBLE,
  longitude DOUBLE
) WITH (
  'connector' = 'filesystem',
  'path' = 'examples/data/airports.csv',
  'format' = 'csv',
  'csv.ignore-first-line' = 'true'
);

CREATE TABLE late_flights (
  departed TIMESTAMP(0),
  origin STRING,
  destination STRING,
  delay INT,
  `month` STRING
) PARTITIONED BY (`month`) WITH (
  'connector' = 'filesystem',
  'path' = 'build/demo/late_flights',
  'format' = 'json'
);

CREATE TABLE weekly_counts (
  week TIMESTAMP(3),
  flights BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = 'build/demo/weekly_counts',
  'format' = 'json'
);

-- One job with two sinks; the flights are read once.
EXECUTE STATEMENT SET BEGIN
  INSERT INTO late_flights
  SELECT departed, origin, destination, delay, DATE_FORMAT(departed, 'yyyy-MM')
  FROM flights
  WHERE delay > 60;

  INSERT INTO weekly_counts
  SELECT window_start, COUNT(*)
  FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(departed), INTERVAL '7' DAY, INTERVAL '4' DAY))
  GROUP BY window_start, window_end;
END;

-- Weeks begin on Mondays: 1970-01-01 was a Thursday, hence the offset of four days.
WITH by_origin AS (
  SELECT window_start, origin, COUNT(*) AS flights, SUM(delay) AS delay
  FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(departed), INTERVAL '7' DAY, INTERVAL '4' DAY))
  GROUP BY window_start, window_end, origin
)
SELECT
  CAST(b.window_start AS DATE) AS week,
  a.state AS state,
  SUM(b.flights) AS flights,
  ROUND(CAST(SUM(b.delay) AS DOUBLE) / SUM(b.flights), 1) AS average_delay
FROM by_origin AS b
JOIN airports AS a ON b.origin = a.iata
GROUP BY b.window_start, a.state
ORDER BY week, state;
