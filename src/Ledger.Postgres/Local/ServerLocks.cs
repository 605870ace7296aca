namespace Ledger.Postgres.Local;

/// <summary>
/// Who uses the server, kept in two lock files that the system releases when a process dies. Every user shares users.lock; one of them,
/// the owner, also holds owner.lock, and only the owner makes or starts the server. The last user to leave gets users.lock alone: then
/// nobody else is there, and nobody can come in until it lets go.
/// </summary>
internal sealed class ServerLocks(ServerFolder folder) : IDisposable
{
    private FileStream? _users;
    private FileStream? _owner;

    public bool IsOwner => _owner is not null;

    /// <summary>Joins the users. False while the last one is stopping the server: try again a little later.</summary>
    public bool TryEnter() => (_users ??= TryOpen(folder.UsersLock, FileShare.Read)) is not null;

    /// <summary>Becomes the owner. False while somebody else is.</summary>
    public bool TryOwn() => (_owner ??= TryOpen(folder.OwnerLock, FileShare.None)) is not null;

    /// <summary>
    /// Gives up the place among the users and takes the whole lock. False when others remain, and when this process never joined.
    /// Of several that leave at the same time, at least one gets true unless a newcomer is quicker.
    /// </summary>
    public bool TryBeLast()
    {
        if (_users is null)
        {
            return false;
        }

        _users.Dispose();
        _users = TryOpen(folder.UsersLock, FileShare.None);
        return _users is not null;
    }

    public void Dispose()
    {
        // The owner's lock first: whoever gets in next can then own the server at once.
        _owner?.Dispose();
        _users?.Dispose();
        (_owner, _users) = (null, null);
    }

    /// <summary>On Unix the runtime turns FileShare into flock: None is an exclusive lock, Read a shared one.</summary>
    private static FileStream? TryOpen(string path, FileShare share)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, share == FileShare.None ? FileAccess.ReadWrite : FileAccess.Read, share);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return null;
        }
    }
}
