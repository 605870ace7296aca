namespace Ledger;

/// <summary>Where a customer was reached: the portal, the position in the public domain, and whose surface it was.</summary>
/// <param name="Position">Only on a surface of the platform: a merchant's own pages are no public domain.</param>
public sealed record Surface(Portal Portal, PublicPosition? Position = null, SurfaceOwner? Owner = null);

/// <summary>The seven portals.</summary>
public enum Portal
{
    Scan,
    Search,

    /// <summary>Friends and the main tab.</summary>
    Friends,
    PaySuccess,

    /// <summary>Favourite mini programs.</summary>
    Favourites,
    LifeAccount,
    CardPackage,
}

/// <summary>Positions in the platform's public domain.</summary>
public enum PublicPosition
{
    Search,
    NineGrid,
    Messages,
    WaistBanner,
    RecommendationCard,
    Basement,
    PaySuccess,
}

public enum SurfaceOwner
{
    Platform,
    Merchant,
}
