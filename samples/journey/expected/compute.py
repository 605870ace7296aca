#!/usr/bin/env python3
"""Counts the answers that a ledger of this data set must give, from the files alone: it shares nothing with the ledger.

A coupon is (campaign, household, coupon_upc). Campaigns of types B and C give every household targeted every coupon offered; of
type A only what was redeemed is known ("issued"), while the full reading ("issued_full") treats all alike. A household that
redeems one kind n times holds n of it.
"""
import csv, os
from collections import Counter
from decimal import Decimal

here = os.path.dirname(os.path.abspath(__file__))


def read(name):
    with open(os.path.join(here, "..", name), newline="") as f:
        return list(csv.DictReader(f))


def write(name, header, lines):
    with open(os.path.join(here, name), "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(header)
        out.writerows(lines)


campaigns, offers, redemptions = read("campaigns.csv"), read("coupons.csv"), read("coupon_redemptions.csv")
lines = []
for campaign in read("campaign_descriptions.csv"):
    number = campaign["campaign_id"]
    households = {row["household_id"] for row in campaigns if row["campaign_id"] == number}
    upcs = {row["coupon_upc"] for row in offers if row["campaign_id"] == number}
    uses = Counter((row["household_id"], row["coupon_upc"]) for row in redemptions if row["campaign_id"] == number)
    everyone = Counter((h, u) for h in households for u in upcs)
    full = everyone | uses  # the larger count of each pair
    known = uses if campaign["campaign_type"] == "Type A" else full
    lines.append([number, campaign["campaign_type"], len(households), len(upcs), known.total(), full.total(), uses.total(),
                  len({h for h, _ in uses})])
write("complete-journey-campaigns.csv", ["campaign_id", "type", "households_targeted", "coupons_offered", "issued", "issued_full",
      "redeemed", "households_redeeming"], lines)

months = Counter(row["redemption_date"][:7] for row in redemptions)
write("complete-journey-months.csv", ["month", "redeemed"], sorted(months.items()))

purchases = read("transactions_sample.csv")
lines = []
for store in sorted({int(row["store_id"]) for row in purchases}):
    sold = [row for row in purchases if int(row["store_id"]) == store]
    cents = [sum(int(Decimal(row[column]) * 100) for row in sold) for column in ("sales_value", "coupon_disc", "coupon_match_disc")]
    lines.append([store, len({row["basket_id"] for row in sold}), *cents])
write("complete-journey-stores.csv", ["store_id", "baskets", "sales_cents", "coupon_cents", "coupon_match_cents"], lines)
