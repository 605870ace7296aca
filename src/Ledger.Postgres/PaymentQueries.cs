using NodaTime;
using Npgsql;

namespace Ledger.Postgres;

/// <summary>Plain reads about payments: no lock, no scribe. Everything asks for one merchant's rows.</summary>
public sealed class PaymentQueries(NpgsqlDataSource database)
{
    /// <summary>Days in <c>[from, to)</c>, each with its stores, after a day and store.</summary>
    public async Task<IReadOnlyList<PaymentDay>> DaysAsync(
        string book, LocalDate from, LocalDate to, (LocalDate Day, string Store) after, int limit, CancellationToken cancellation)
    {
        var days = new List<PaymentDay>();
        await using var command = Command("query_report_payments.sql", book, from.ToDateOnly(), to.ToDateOnly(), after.Day.ToDateOnly(), after.Store, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
            days.Add(new(LocalDate.FromDateOnly(row.GetFieldValue<DateOnly>(0)), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)));
        return days;
    }

    private NpgsqlCommand Command(string file, params ReadOnlySpan<object> values)
    {
        var command = database.CreateCommand(SqlFile.Read(file));
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}

/// <summary>Payments and refunds of a store on a business date; a refund counts on its own date.</summary>
/// <param name="Store">Empty where payments named none.</param>
public sealed record PaymentDay(LocalDate Day, string Store, long Payments, long Amount, long Refunds, long Refunded);
