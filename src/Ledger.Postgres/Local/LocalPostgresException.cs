namespace Ledger.Postgres.Local;

/// <summary>
/// The private server could not be found, made, started or reached. The message is written for the person who started the service: it
/// says what was tried and what to do. It never contains the password.
/// </summary>
public sealed class LocalPostgresException : Exception
{
    public LocalPostgresException(string message) : base(message)
    {
    }

    public LocalPostgresException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
