-- Bids with their bidders and what these sell.
CREATE TABLE q23 (auction BIGINT, bidder BIGINT, price BIGINT, name VARCHAR, city VARCHAR,
                  itemName VARCHAR, expires TIMESTAMP(3))
WITH ('connector' = 'blackhole');
INSERT INTO q23
SELECT B.auction, B.bidder, B.price, P.name, P.city, A.itemName, A.expires
FROM bid B JOIN person P ON P.id = B.bidder JOIN auction A ON A.seller = B.bidder;
