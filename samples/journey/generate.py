#!/usr/bin/env python3
"""Generates this small data set: invented households, coupons and purchases in the files of "The Complete Journey".

The same seed gives the same files. Run it, then expected/compute.py, and read the differences before committing them.
"""
import csv, datetime, os, random

here = os.path.dirname(os.path.abspath(__file__))
dice = random.Random(20170704)


def write(name, header, lines):
    with open(os.path.join(here, name), "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(header)
        out.writerows(lines)


def day(text):
    return datetime.date.fromisoformat(text)


HOUSEHOLDS = range(1, 61)
STORES = range(1, 6)
# campaign: type, first and last day, households targeted, coupons offered
CAMPAIGNS = {
    1: ("Type B", day("2017-03-06"), day("2017-04-09"), 24, 15),
    2: ("Type C", day("2017-04-19"), day("2017-05-21"), 18, 12),
    3: ("Type A", day("2017-05-29"), day("2017-07-02"), 40, 20),
}
REDEMPTIONS = {1: 11, 2: 8, 3: 21}

targeted, offered, redeemed = {}, {}, []
for campaign, (kind, start, end, households, coupons) in CAMPAIGNS.items():
    targeted[campaign] = sorted(dice.sample(HOUSEHOLDS, households))
    offered[campaign] = sorted(dice.sample(range(10_000_000_000, 10_000_900_000), coupons))
    pairs = dice.sample([(h, u) for h in targeted[campaign] for u in offered[campaign]], REDEMPTIONS[campaign] - (campaign == 3))
    days = (end - start).days + 1
    redeemed += [(h, u, campaign, start + datetime.timedelta(dice.randrange(days))) for h, u in pairs]
    if campaign == 3:  # One household redeems the same coupon a second time, on the campaign's last day.
        household, upc = pairs[0]
        redeemed.append((household, upc, campaign, end))

write("campaign_descriptions.csv", ["campaign_id", "campaign_type", "start_date", "end_date"],
      [[c, kind, start, end] for c, (kind, start, end, _, _) in CAMPAIGNS.items()])
write("campaigns.csv", ["campaign_id", "household_id"], [[c, h] for c, hs in targeted.items() for h in hs])
# A coupon is good for several products: one row each, as in the original.
write("coupons.csv", ["coupon_upc", "product_id", "campaign_id"],
      [[u, dice.randrange(1_000_000, 1_000_500), c] for c, us in offered.items() for u in us for _ in range(dice.randint(1, 3))])
write("coupon_redemptions.csv", ["household_id", "coupon_upc", "campaign_id", "redemption_date"],
      sorted(redeemed, key=lambda r: (r[3], r[0], r[1])))

purchases = []
for basket in range(1, 121):
    household, store = dice.choice(HOUSEHOLDS), dice.choice(STORES)
    moment = datetime.datetime(2017, 3, 6, 8) + datetime.timedelta(minutes=dice.randrange(118 * 24 * 60))
    for _ in range(dice.randint(1, 3)):
        price, coupon = dice.randrange(79, 1299), 100 if dice.random() < 0.1 else 0
        purchases.append([household, store, 30_000_000_000 + basket, dice.randrange(1_000_000, 1_000_500), 1, f"{price / 100:.2f}",
                          "0", f"{coupon / 100:g}", "0", (moment.date() - day("2017-01-01")).days // 7 + 1, moment])
write("transactions_sample.csv", ["household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "retail_disc",
      "coupon_disc", "coupon_match_disc", "week", "transaction_timestamp"], sorted(purchases, key=lambda p: (p[10], p[2])))
