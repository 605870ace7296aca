-- The reference: one call per transaction that leaves behind what a redemption leaves behind, on equal tables with equal rows and
-- values of equal size, but with nothing decided, folded or hashed. Everything it writes arrives as parameters.
create sequence ledger.reference_spread minvalue 0;
create sequence ledger.reference_hot minvalue 0;

-- How far the service's own supply of coupons was used, for folders that are kept between runs.
create table ledger.used (supply varchar primary key, next bigint not null);
insert into ledger.used values ('spread', 0), ('hot', 0);

-- The n-th coupon of the supply, in an order without pattern; see Numbers.cs for the same reckoning.
create function ledger.reference_redeem(
    p_n bigint, p_count bigint, p_offset bigint, p_state text, p_data jsonb, p_outcome jsonb, p_headers jsonb) returns bigint
language plpgsql as $$
declare
    digest bytea := sha256(((p_n * 7368787) % p_count + p_offset)::text::bytea);
    coupon text := upper(substr(encode(digest, 'hex'), 17, 13));
    tenant text := case when p_offset > 0 then 'hot'
        else 'm' || lpad(((get_byte(digest, 0) * 256 + get_byte(digest, 1)) % 1000)::text, 4, '0') end;
    request text := 'till-0199f1c2-7d3a-' || p_n;
    now timestamptz := clock_timestamp();
    number bigint;
    stream_version bigint;
begin
    if p_n >= p_count then raise exception 'The supply of % coupons is used up.', p_count; end if;

    insert into ledger.requests (tenant_id, key, fingerprint, outcome)
    values (tenant, request, digest, p_outcome)
    on conflict do nothing;
    if not found then raise exception 'The request key % was used before.', request; end if;

    update ledger.mt_streams
    set version = version + 1, timestamp = now, status = 'used', state = p_state, state_schema = 1
    where tenant_id = tenant and id = 'coupon-' || coupon and version = 1
    returning version into stream_version;
    if not found then raise exception 'The coupon % is not at version 1.', coupon; end if;

    update ledger.books set head = head + 1, head_hash = digest where tenant_id = tenant returning head into number;

    insert into ledger.mt_events
        (tenant_id, seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, causation_id, headers, hash)
    values (tenant, number, gen_random_uuid(), 'coupon-' || coupon, stream_version, p_data, 'coupon_redeemed', now,
        'Ledger.Coupons.CouponEvent+CouponRedeemed, Ledger', request, p_headers, digest);

    update ledger.redemption_check
    set status = 'used', redemption_id = coupon || '-1', redeemed_at = now, discount = 500, entry = number
    where tenant_id = tenant and code = coupon;
    if not found then raise exception 'The coupon % has no row in the read model.', coupon; end if;
    return number;
end $$;
