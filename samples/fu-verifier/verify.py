#!/usr/bin/env python3
"""Checks the public proof of a Fu-card campaign. Written from docs/fu-proof.md alone; needs Python 3 and nothing else.

    verify.py proof.ndjson [--user U] [--commitment HASH] [--root HASH] [--beacon ROUND:SIGNATURE]

Ends with 0 where everything agrees, 1 at the first difference, 2 where it was used wrongly.
"""
import argparse
import hashlib
import hmac
import json
import re
import sys

NAME = re.compile(r"[A-Za-z0-9_.@-]{1,64}\Z")
ONE = 1 << 20
LIMIT = 1 << 53
MASK32 = (1 << 32) - 1


class Difference(Exception):
    pass


def need(holds, sentence):
    if not holds:
        raise Difference(sentence)


def sha(data):
    return hashlib.sha256(data).digest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def big(number, size):
    return number.to_bytes(size, "big")


def members(value, names, where):
    need(isinstance(value, dict) and sorted(value) == sorted(names.split()), f"{where}: not the members {names}")


def whole(value, low, high, where):
    need(type(value) is int and low <= value <= high, f"{where} is not a whole number from {low} to {high}")


def digits(value, where, size=None):
    ok = isinstance(value, str) and re.fullmatch(r"(?:[0-9a-f]{2})+", value) and (size is None or len(value) == 2 * size)
    need(ok, f"{where} is not hexadecimal digits")
    return bytes.fromhex(value)


def named(value, where):
    need(isinstance(value, str) and NAME.match(value), f"{where} is not a name")


# A draw and a weight

def draw(seed, user, index, weights):
    total = sum(weights)
    name = user.encode()
    attempt = 0
    while True:
        h = hmac.digest(seed, b"card" + big(len(name), 4) + name + big(index, 8) + big(attempt, 4), "sha256")
        r = int.from_bytes(h[:4], "big")
        if r < (1 << 32) - (1 << 32) % total:
            break
        attempt += 1
    place = r % total
    for i, weight in enumerate(weights):
        if place < weight:
            return i
        place -= weight


def minuslog(v):
    n = v + 1
    e = n.bit_length() - 1
    x = 1 << 31 if e == 32 else n << (31 - e)
    log = e
    for _ in range(32):
        x = x * x >> 31
        b = x >> 32
        log = 2 * log + b
        x >>= b
    return ((32 << 32) - log >> 5) * 2977044472 >> 32


def even(v):
    return (1 << 19) + (v >> 12)


def weigh(kind, key, ticket):
    attempt = 0
    while True:
        h = hmac.digest(key, b"pot" + big(ticket, 8) + big(attempt, 4), "sha256")
        v = [int.from_bytes(h[i:i + 4], "big") for i in range(0, 32, 4)]
        if kind == "uniform":
            return even(v[0])
        if kind == "exponential":
            return max(1, minuslog(v[0]) >> 7)
        for i in range(0, 8, 2):
            d = even(v[i]) - ONE
            if minuslog(v[i + 1]) >= d * d >> 10:
                return even(v[i])
        attempt += 1


class Tree:
    """RFC 6962 over leaves as they come: complete trees, the largest first."""

    def __init__(self):
        self.count = 0
        self.nodes = []

    def add(self, leaf):
        node = sha(b"\0" + leaf)
        count = self.count
        while count & 1:
            node = sha(b"\1" + self.nodes.pop() + node)
            count >>= 1
        self.nodes.append(node)
        self.count += 1

    def root(self):
        if not self.nodes:
            return sha(b"")
        node = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            node = sha(b"\1" + left + node)
        return node


# The header

def check_commitment(c, has_grand):
    members(c, "beacon campaign " + "grand " * has_grand + "pot seedHash sources types", "the commitment")
    timed = isinstance(c["beacon"], dict) and "genesis" in c["beacon"]
    members(c["beacon"], "chain deadline fallback genesis period round" if timed else "chain fallback round", "the committed beacon")
    named(c["beacon"]["chain"], "the beacon's chain")
    need(c["beacon"]["fallback"] == "nextAvailable", "the beacon's fallback is not nextAvailable")
    whole(c["beacon"]["round"], 1, LIMIT - 1, "the committed round")
    if timed:
        deadline, genesis, period = c["beacon"]["deadline"], c["beacon"]["genesis"], c["beacon"]["period"]
        whole(deadline, 0, LIMIT - 1, "the deadline")
        whole(genesis, 0, LIMIT - 1, "the beacon's genesis")
        whole(period, 1, 2**31 - 1, "the beacon's period")
        need(genesis + (c["beacon"]["round"] - 1) * period > deadline, "the committed round is not after the deadline")
    named(c["campaign"], "the campaign")
    pot = c["pot"]
    members(pot, "amount cap minimum weight", "the pot")
    for name in ("amount", "cap", "minimum"):
        whole(pot[name], 0, LIMIT - 1, f"the pot's {name}")
    need(pot["minimum"] <= pot["cap"], "the pot's cap is below its minimum")
    need(pot["weight"] in ("uniform", "normal", "exponential"), "the pot's weight is unknown")
    digits(c["seedHash"], "the seed's hash", 32)
    need(isinstance(c["types"], list) and c["types"], "there are no types")
    for name in c["types"]:
        named(name, "a type")
    need(len(set(c["types"])) == len(c["types"]), "a type is named twice")
    need(isinstance(c["sources"], list), "there are no sources")
    sources = {}
    for source in c["sources"]:
        members(source, "name weights", "a source")
        named(source["name"], "a source's name")
        need(source["name"] not in sources, f"the source {source['name']} is named twice")
        weights = source["weights"]
        need(isinstance(weights, list) and len(weights) == len(c["types"]), f"the weights of {source['name']} are not one for each type")
        for weight in weights:
            whole(weight, 0, 2**31 - 1, f"a weight of {source['name']}")
        whole(sum(weights), 1, 2**31 - 1, f"the sum of the weights of {source['name']}")
        sources[source["name"]] = weights
    if has_grand:
        members(c["grand"], "card prize winners", "the grand prize")
        need(c["grand"]["card"] in c["types"], "the grand prize is of no type of card")
        whole(c["grand"]["prize"], 1, 5_000_000, "the grand prize")
        whole(c["grand"]["winners"], 1, 100_000, "the number of grand prizes")
    return sources


def check_header(h, given):
    need(isinstance(h, dict) and h.get("format") in ("fu-proof-1", "fu-proof-2"), "the format is neither fu-proof-1 nor fu-proof-2")
    has_grand = h["format"] == "fu-proof-2"
    members(h, "beacon commitment commitmentHash format " + "grand " * has_grand + "plan seal seed", "the header")
    c, beacon, seal, plan = h["commitment"], h["beacon"], h["seal"], h["plan"]
    sources = check_commitment(c, has_grand)
    need(sha(canonical(c)).hex() == h["commitmentHash"], "the commitment's hash does not follow from the commitment")
    need(given.commitment in (None, h["commitmentHash"]), "the commitment is not the one that was published")
    seed = digits(h["seed"], "the seed", 32)
    need(sha(seed).hex() == c["seedHash"], "the seed is not the one that was committed to")

    members(beacon, "randomness round signature", "the beacon")
    whole(beacon["round"], 1, LIMIT - 1, "the beacon's round")
    need(beacon["round"] >= c["beacon"]["round"], "the beacon's round is before the committed one")
    signature = digits(beacon["signature"], "the beacon's signature")
    need(len(signature) <= 256, "the beacon's signature is too long")
    randomness = digits(beacon["randomness"], "the beacon's randomness", 32)
    need(sha(signature) == randomness, "the beacon's randomness does not follow from its signature")
    if given.beacon:
        need(given.beacon == f"{beacon['round']}:{beacon['signature']}", "the beacon's value is not the published one")
    key = seed + sha(b"beacon" + big(beacon["round"], 8) + randomness)

    members(seal, "draws drawsHash root tickets", "the seal")
    whole(seal["draws"], 0, LIMIT - 1, "the seal's draws")
    whole(seal["tickets"], 0, 350_000_000, "the seal's tickets")
    need(given.root in (None, seal["root"]), "the Merkle root is not the one that was published")
    pot, n = adjusted(c["pot"], seal["tickets"]), seal["tickets"]
    need(n * pot["minimum"] <= pot["amount"] <= n * pot["cap"], "the pot cannot be split among the tickets")

    members(plan, "capWeight leftover remainder shards", "the plan")
    if plan["capWeight"] is not None:
        whole(plan["capWeight"], 1, (1 << 25) - 1, "the weight that gets the cap")
    whole(plan["leftover"], 0, LIMIT - 1, "what is left over")
    need((plan["remainder"] is None) == (plan["leftover"] == 0), "a remainder stands without what is left over, or that without it")
    if plan["remainder"] is not None:
        members(plan["remainder"], "ticket value", "the remainder")
        whole(plan["remainder"]["ticket"], 1, LIMIT - 1, "the remainder's ticket")
        whole(plan["remainder"]["value"], 0, LIMIT - 1, "the remainder's value")
    need(isinstance(plan["shards"], list) and (plan["shards"] or n == 0), "there are no shards")
    need(n > 0 or plan == {"capWeight": None, "leftover": 0, "remainder": None, "shards": []}, "the plan gives prizes, and there is no ticket")
    last = 0
    for shard in plan["shards"]:
        members(shard, "capped cappedWeight from tickets to weight", "a shard")
        for name, value in shard.items():
            whole(value, 0, LIMIT - 1, f"a shard's {name}")
        need(last < shard["from"] <= shard["to"], "the shards are out of order")
        last = shard["to"]
    return sources, seed, key


def adjusted(pot, n):
    """What the pot goes by with n tickets: no more than all caps together, no minimum above an equal share."""
    amount = min(pot["amount"], n * pot["cap"])
    return {**pot, "amount": amount, "minimum": min(pot["minimum"], amount // n) if n else pot["minimum"]}


class Pot:
    """The tickets as they come, against what the plan says of them."""

    def __init__(self, h, key):
        self.h, self.key = h, key
        self.pot, self.plan, self.shards = adjusted(h["commitment"]["pot"], h["seal"]["tickets"]), h["plan"], h["plan"]["shards"]
        self.room = self.pot["cap"] - self.pot["minimum"]
        self.n = sum(s["tickets"] for s in self.shards)
        self.capped = sum(s["capped"] for s in self.shards)
        self.w = sum(s["weight"] - s["cappedWeight"] for s in self.shards)
        self.d = self.pot["amount"] - self.n * self.pot["minimum"] - self.capped * self.room
        need(self.n == h["seal"]["tickets"], "the shards do not have as many tickets as the seal")
        need(self.d >= 0 and self.w >= 0, "the plan gives more than the pot")
        self.at = 0
        self.fresh()
        self.last = self.floors = self.sum = self.checked = self.heaviest = self.units = 0
        self.has_remainder = False
        self.prize = None  # the first prize that differs; what is wrong with the plan is said first

    def fresh(self):
        self.found = {"capped": 0, "cappedWeight": 0, "from": 0, "tickets": 0, "to": 0, "weight": 0}

    def leave(self, alone):
        said = self.shards[self.at]
        names = ("from", "to", "tickets") if alone else self.found
        for name in names:
            need(self.found[name] == said[name],
                 f"the shard from ticket {said['from']}: {name} is {self.found[name]}, the file says {said[name]}")
        self.at += 1
        self.fresh()

    def take(self, ticket, user, amount, alone, mine):
        need(ticket > self.last, f"ticket {ticket} stands out of order")
        self.last = ticket
        while self.at < len(self.shards) and ticket > self.shards[self.at]["to"]:
            self.leave(alone)
        need(self.at < len(self.shards) and ticket >= self.shards[self.at]["from"], f"ticket {ticket} is in no shard")
        f = self.found
        f["from"], f["to"], f["tickets"] = f["from"] or ticket, ticket, f["tickets"] + 1
        if not mine:
            return
        w = weigh(self.pot["weight"], self.key, ticket)
        f["weight"] += w
        self.heaviest = max(self.heaviest, w)
        if self.plan["capWeight"] is not None and w >= self.plan["capWeight"]:
            f["capped"] += 1
            f["cappedWeight"] += w
            right = self.pot["cap"]
        else:
            need(self.w > 0, "a ticket does not reach the cap, and the shards say that all do")
            floor, remainder = divmod(self.d * w, self.w)
            self.floors += floor
            right = self.pot["minimum"] + floor
            end = self.plan["remainder"]
            if end is not None:
                self.has_remainder |= (remainder, ticket) == (end["value"], end["ticket"])
                if remainder > end["value"] or remainder == end["value"] and ticket <= end["ticket"]:
                    right += 1
        self.sum += right
        self.checked += 1
        if right != amount and self.prize is None:
            self.prize = f"the prize of ticket {ticket} ({user}) is {right}, the file says {amount}"

    def end(self, alone):
        while self.at < len(self.shards):
            self.leave(alone)
        if not alone and self.n > 0:
            b = self.plan["capWeight"]
            if b is None:
                need(self.capped == 0 and self.d * self.heaviest < self.room * self.w, "a ticket reaches the cap, and the plan has none")
            elif self.w == 0:
                need(b == 1 and self.d == 0, "all tickets get the cap, and the plan says otherwise")
            else:
                need(self.capped > 0 and self.d * b >= self.room * self.w and self.d * (b - 1) < self.room * self.w,
                     "the weight from which tickets get the cap is not the right one")
            need(self.d - self.floors == self.plan["leftover"], f"rounding leaves {self.d - self.floors} over, the plan says otherwise")
            need(self.has_remainder or self.plan["remainder"] is None, "the last remainder of the plan is no ticket's")
            need(self.sum == self.pot["amount"], f"the prizes sum to {self.sum}, the pot is {self.pot['amount']}")
        need(self.prize is None, self.prize)


class Grand:
    """The tickets that take part in the grand draw, against what the header says of it: as many win as may, and the last of them is one of them."""

    def __init__(self, h, key):
        self.rules, self.plan, self.key = h["commitment"]["grand"], h["grand"], key
        members(self.plan, "last tickets winners", "the grand draw")
        whole(self.plan["tickets"], 0, h["seal"]["tickets"], "the number of tickets in the grand draw")
        whole(self.plan["winners"], 0, LIMIT - 1, "the number of winners")
        need(self.plan["winners"] == min(self.rules["winners"], self.plan["tickets"]), "another number of tickets wins in the grand draw than the rules say")
        self.last = None
        need((self.plan["last"] is None) == (self.plan["winners"] == 0), "a last winner stands without winners, or they without it")
        if self.plan["last"] is not None:
            members(self.plan["last"], "hash ticket", "the last winner")
            whole(self.plan["last"]["ticket"], 1, LIMIT - 1, "the last winner's ticket")
            self.last = digits(self.plan["last"]["hash"], "the last winner's hash", 32), self.plan["last"]["ticket"]
        self.drawn = self.tickets = self.winners = self.sum = 0
        self.has_last = False
        self.prize = None

    def take(self, ticket, user, amount, mine):
        self.tickets += 1
        rank = hmac.digest(self.key, b"grand" + big(ticket, 8), "sha256"), ticket
        wins = self.last is not None and rank <= self.last
        self.has_last |= rank == self.last
        right = self.rules["prize"] if wins else 0
        self.winners += wins
        if not mine:
            return
        self.sum += right
        if right != amount and self.prize is None:
            self.prize = f"the grand prize of ticket {ticket} ({user}) is {right}, the file says {amount}"

    def end(self):
        need(self.tickets == self.plan["tickets"], f"{self.tickets} tickets take part in the grand draw, the file says otherwise")
        need(self.tickets <= self.drawn, f"{self.tickets} tickets take part in the grand draw, and {self.drawn} cards for it were drawn")
        need(self.winners == self.plan["winners"], f"{self.winners} tickets win in the grand draw, the file says otherwise")
        need(self.has_last or self.last is None, "the last winner of the grand draw is no ticket's")
        need(self.prize is None, self.prize)


def lines(file):
    for number, line in enumerate(file, 1):
        need(line.endswith(b"\n"), f"line {number} is cut off")
        try:
            value = json.loads(line)
            spelled = canonical(value)
        except (ValueError, RecursionError):
            raise Difference(f"line {number} is not JSON") from None
        need(spelled + b"\n" == line, f"line {number} is not canonical JSON")
        yield number, line, value


def check(file, given):
    source = lines(file)
    first = next(source, None)
    need(first is not None, "the file is empty")
    h = first[2]
    sources, seed, key = check_header(h, given)
    types = h["commitment"]["types"]
    pot, tree, hashed = Pot(h, key), Tree(), hashlib.sha256()
    grand = Grand(h, key) if "grand" in h else None
    alone = given.user is not None
    draws = drawn = 0
    last_user, last_index = "", 0
    for number, line, value in source:
        need(isinstance(value, dict), f"line {number} is neither a draw nor a ticket")
        if "index" in value:
            need(tree.count == 0, f"line {number}: a draw stands after a ticket")
            members(value, "index source type user", f"line {number}")
            user, index = value["user"], value["index"]
            named(user, f"line {number}: the user")
            whole(index, 1, LIMIT - 1, f"line {number}: the index")
            need(user > last_user and index == 1 or user == last_user and index == last_index + 1, f"draw {index} of {user} stands out of order")
            last_user, last_index = user, index
            draws += 1
            named(value["source"], f"line {number}: the source")
            hashed.update(line)
            if grand and value["type"] == grand.rules["card"]:
                grand.drawn += 1
            if not alone or user == given.user:
                need(value["source"] in sources, f"draw {index} of {user} names an unknown source")
                right = types[draw(seed, user, index, sources[value["source"]])]
                need(right == value["type"], f"draw {index} of {user} is {right}, the file says {value['type']}")
                drawn += 1
        else:
            takes_part = grand is not None and "grand" in value
            members(value, "amount " + "grand " * takes_part + "ticket user", f"line {number}")
            named(value["user"], f"line {number}: the user")
            whole(value["ticket"], 1, LIMIT - 1, f"line {number}: the ticket")
            whole(value["amount"], 0, LIMIT - 1, f"line {number}: the amount")
            tree.add(big(value["ticket"], 8) + value["user"].encode() + b"\1" * takes_part)
            pot.take(value["ticket"], value["user"], value["amount"], alone, not alone or value["user"] == given.user)
            if takes_part:
                whole(value["grand"], 0, LIMIT - 1, f"line {number}: the grand prize")
                grand.take(value["ticket"], value["user"], value["grand"], not alone or value["user"] == given.user)
        if number % 1_000_000 == 0:
            print(f"{number:,} lines", file=sys.stderr)
    seal = h["seal"]
    need(draws == seal["draws"], f"the file has {draws} draws, the seal says {seal['draws']}")
    need(hashed.hexdigest() == seal["drawsHash"], "the hash of the draws is not the sealed one")
    need(not alone or drawn + pot.checked > 0, f"the file says nothing of {given.user}")
    pot.end(alone)
    need(tree.count == seal["tickets"], f"the file has {tree.count} tickets, the seal says {seal['tickets']}")
    need(tree.root().hex() == seal["root"], "the Merkle root of the tickets is not the sealed one")
    if grand:
        grand.end()
    return h, drawn, pot, grand


def main():
    parser = argparse.ArgumentParser(description="Checks the public proof of a Fu-card campaign.")
    parser.add_argument("file")
    for name in ("user", "commitment", "root", "beacon"):
        parser.add_argument("--" + name)
    given = parser.parse_args()
    try:
        with open(given.file, "rb") as file:
            h, drawn, pot, grand = check(file, given)
    except OSError as e:
        print(e, file=sys.stderr)
        return 2
    except Difference as e:
        print(f"The first difference: {e}.")
        return 1
    print(f"{h['commitment']['campaign']}: {drawn} draws and {pot.checked} tickets agree; prizes {pot.sum}{f', grand prizes {grand.sum}' if grand else ''}.")
    if not given.commitment:
        print(f"Compare with what was published before the opening: commitment {h['commitmentHash']}")
    if not given.root:
        print(f"Compare with what was published at the deadline: root {h['seal']['root']}")
    if not given.beacon:
        print(f"Compare with the beacon's own: round {h['beacon']['round']}, signature {h['beacon']['signature']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
