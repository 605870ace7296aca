using Ledger.Merchants;
using NodaTime;
using Xunit;
using static Ledger.Merchants.MerchantCommand;
using static Ledger.Merchants.MerchantEvent;

namespace Ledger.Tests.Merchants;

public class MerchantDeciderTests
{
    private static readonly Spec<MerchantCommand, Merchant, MerchantEvent> s_merchant =
        new(MerchantDecider.Decide, MerchantDecider.Evolve, Merchant.Unregistered);

    private static readonly MerchantRegistered s_registered = new("Noodle House", "Asia/Shanghai", "CNY");
    private static readonly StoreOpened s_opened = new("s1", "Main street");
    private static readonly Instant s_at = Moments.At("2026-02-17T12:00:00Z");
    private static readonly TillInstalled s_installed = new("s1", "t1");

    [Fact]
    public void A_merchant_registers() =>
        s_merchant.Given().When(new RegisterMerchant("Noodle House", "Asia/Shanghai", "CNY")).Then(s_registered);

    [Fact]
    public void Registering_again_with_the_same_particulars_changes_nothing() =>
        s_merchant.Given(s_registered).When(new RegisterMerchant("Noodle House", "Asia/Shanghai", "CNY")).ThenNothing();

    [Theory]
    [InlineData("Rice House", "Asia/Shanghai", "CNY")]
    [InlineData("Noodle House", "Asia/Tokyo", "CNY")]
    [InlineData("Noodle House", "Asia/Shanghai", "HKD")]
    public void Registering_again_with_other_particulars_is_refused(string name, string zone, string currency) => s_merchant
        .Given(s_registered)
        .When(new RegisterMerchant(name, zone, currency))
        .ThenRefused(new MerchantAlreadyRegistered("Noodle House", "Asia/Shanghai", "CNY", RequiresFourEyes: false));

    [Fact]
    public void An_unregistered_merchant_opens_no_store() =>
        s_merchant.Given().When(new OpenStore("s1", "Main street")).ThenRefused(new MerchantUnknown());

    [Fact]
    public void A_merchant_opens_a_store_and_installs_a_till()
    {
        s_merchant.Given(s_registered).When(new OpenStore("s1", "Main street")).Then(s_opened);
        s_merchant.Given(s_registered, s_opened).When(new InstallTill("s1", "t1")).Then(s_installed);
        Assert.True(s_merchant.Given(s_registered, s_opened, s_installed).State.HasTill("s1", "t1"));
    }

    [Fact]
    public void A_store_and_a_till_that_exist_stay_as_they_are()
    {
        s_merchant.Given(s_registered, s_opened).When(new OpenStore("s1", "Main street")).ThenNothing();
        s_merchant.Given(s_registered, s_opened, s_installed).When(new InstallTill("s1", "t1")).ThenNothing();
    }

    [Fact]
    public void A_till_needs_a_store() =>
        s_merchant.Given(s_registered).When(new InstallTill("s1", "t1")).ThenRefused(new StoreUnknown("s1"));

    [Fact]
    public void Ids_of_stores_and_tills_differ_by_case()
    {
        s_merchant.Given(s_registered, s_opened).When(new OpenStore("S1", "Other street")).Then(new StoreOpened("S1", "Other street"));
        s_merchant.Given(s_registered, s_opened, s_installed).When(new InstallTill("s1", "T1")).Then(new TillInstalled("s1", "T1"));
    }

    [Fact]
    public void The_last_store_and_the_last_till_fit_and_the_next_are_refused()
    {
        var stores = Enumerable.Range(1, Limits.MaxStoresPerMerchant - 1).Select(i => (MerchantEvent)new StoreOpened($"s{i}", "A store"));
        var almost = s_merchant.Given(stores.Prepend(s_registered));
        var full = almost.When(new OpenStore("last", "A store")).AndThen();
        full.When(new OpenStore("one-more", "A store")).ThenRefused(new TooManyStores(Limits.MaxStoresPerMerchant));
        full.When(new OpenStore("last", "A store")).ThenNothing();

        var tills = Enumerable.Range(1, Limits.MaxStoresPerMerchant - 1).Select(i => (MerchantEvent)new TillInstalled("s1", $"t{i}"));
        var filled = s_merchant.Given([s_registered, s_opened, .. tills]).When(new InstallTill("s1", "last")).AndThen();
        filled.When(new InstallTill("s1", "one-more")).ThenRefused(new TooManyStores(Limits.MaxStoresPerMerchant));
        filled.When(new InstallTill("s1", "last")).ThenNothing();
    }

    [Fact]
    public void A_provider_acts_from_its_authorisation_to_its_revocation()
    {
        s_merchant.Given().When(new AuthoriseProvider("isv-1", s_at)).ThenRefused(new MerchantUnknown());
        var served = s_merchant.Given(s_registered).When(new AuthoriseProvider("isv-1", s_at)).AndThen();
        Assert.True(served.State.IsServedBy("isv-1") && !served.State.IsServedBy("ISV-1"));
        var revoked = served.When(new RevokeProvider("isv-1", s_at)).AndThen();
        Assert.False(revoked.State.IsServedBy("isv-1"));
        revoked.When(new AuthoriseProvider("isv-1", s_at)).Then(new ProviderAuthorised("isv-1", s_at));
    }

    [Fact]
    public void The_last_provider_fits_and_the_next_is_refused()
    {
        var providers = Enumerable.Range(1, Limits.MaxProviders - 1).Select(i => (MerchantEvent)new ProviderAuthorised($"p{i}", s_at));
        var full = s_merchant.Given(providers.Prepend(s_registered)).When(new AuthoriseProvider("last", s_at)).AndThen();
        full.When(new AuthoriseProvider("one-more", s_at)).ThenRefused(new TooManyProviders(Limits.MaxProviders));
        full.When(new RevokeProvider("p1", s_at)).AndThen().When(new AuthoriseProvider("one-more", s_at)).Then(new ProviderAuthorised("one-more", s_at));
    }

    [Fact]
    public void Every_command_has_an_answer_in_every_state()
    {
        (string, MerchantCommand)[] commands =
        [
            ("register", new RegisterMerchant("Noodle House", "Asia/Shanghai", "CNY")),
            ("register otherwise", new RegisterMerchant("Rice House", "Asia/Shanghai", "CNY")),
            ("open store", new OpenStore("s1", "Main street")),
            ("install till", new InstallTill("s1", "t1")),
            ("register under four eyes", new RegisterMerchant("Noodle House", "Asia/Shanghai", "CNY", RequiresFourEyes: true)),
            ("require four eyes", new ChangeFourEyes(true)),
            ("require membership", new ChangeMembershipRule(true)),
            ("authorise provider", new AuthoriseProvider("isv-1", s_at)),
            ("revoke provider", new RevokeProvider("isv-1", s_at)),
        ];
        Assert.Empty(Matrix.Missing(commands.Select(c => c.Item2)));
        Approved.Matches(Matrix.Of(MerchantDecider.Decide, MerchantDecider.Evolve, commands,
        [
            ("unregistered", Merchant.Unregistered),
            ("registered", s_merchant.Given(s_registered).State),
            ("with a store", s_merchant.Given(s_registered, s_opened).State),
            ("with a till", s_merchant.Given(s_registered, s_opened, s_installed).State),
            ("with a provider", s_merchant.Given(s_registered, new ProviderAuthorised("isv-1", s_at)).State),
        ]));
    }
}
