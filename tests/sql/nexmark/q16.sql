-- Statistics of each channel and day.
CREATE TABLE q16 (channel VARCHAR, `day` VARCHAR, `minute` VARCHAR, total_bids BIGINT,
                  rank1_bids BIGINT, total_bidders BIGINT, rank1_bidders BIGINT,
                  total_auctions BIGINT, rank1_auctions BIGINT)
WITH ('connector' = 'blackhole');
INSERT INTO q16
SELECT channel,
       DATE_FORMAT(`dateTime`, 'yyyy-MM-dd') AS `day`,
       max(DATE_FORMAT(`dateTime`, 'HH:mm')) AS `minute`,
       count(*) AS total_bids,
       count(*) filter (where price < 10000) AS rank1_bids,
       count(distinct bidder) AS total_bidders,
       count(distinct bidder) filter (where price < 10000) AS rank1_bidders,
       count(distinct auction) AS total_auctions,
       count(distinct auction) filter (where price < 10000) AS rank1_auctions
FROM bid
GROUP BY channel, DATE_FORMAT(`dateTime`, 'yyyy-MM-dd');
