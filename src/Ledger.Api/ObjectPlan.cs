using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ledger.Api;

/// <summary>How one record is read: made once by reflection, then used for every body.</summary>
internal sealed class ObjectPlan
{
    private const int MaxMembers = 64;

    private readonly Member[] _members;
    private readonly ConstructorInvoker _constructor;

    private ObjectPlan(Member[] members, ConstructorInvoker constructor)
    {
        _members = members;
        _constructor = constructor;
    }

    /// <exception cref="NotSupportedException">The type is not a record that <see cref="RequestBody"/> can read.</exception>
    public static ObjectPlan Of(Type type, params Type[] inside)
    {
        if (inside.Contains(type)) throw new NotSupportedException($"{type} contains itself.");
        if (type.IsAbstract || type.GetConstructors() is not [var constructor])
            throw new NotSupportedException($"{type} is not a record with one public constructor.");

        var parameters = constructor.GetParameters();
        if (parameters.Length > MaxMembers) throw new NotSupportedException($"{type} has more than {MaxMembers} members.");

        Type[] path = [.. inside, type];
        var nullability = new NullabilityInfoContext();
        return new ObjectPlan(
            [.. parameters.Select(parameter => MemberOf(parameter, nullability, path))],
            ConstructorInvoker.Create(constructor));
    }

    public object? Read(ref BodyReader body)
    {
        if (body.Json.TokenType != JsonTokenType.StartObject) return body.Refuse("Send a JSON object.");

        var before = body.FaultCount;
        var arguments = new object?[_members.Length];
        var seen = 0UL;
        var next = 0;
        while (body.Json.Read() && body.Json.TokenType == JsonTokenType.PropertyName)
        {
            var index = Find(ref body, next);
            if (index < 0) continue;

            next = index + 1;
            var member = _members[index];
            body.Json.Read();
            body.Enter(member.Name);
            if ((seen & (1UL << index)) != 0) body.Refuse("The member appears more than once; send it once.");
            else arguments[index] = ReadMember(ref body, member);
            body.Leave();
            seen |= 1UL << index;
        }

        for (var i = 0; i < _members.Length; i++)
        {
            if ((seen & (1UL << i)) == 0) arguments[i] = Absent(ref body, _members[i]);
        }

        return body.FaultCount == before ? _constructor.Invoke(arguments.AsSpan()) : null;
    }

    private static object? ReadMember(ref BodyReader body, Member member)
    {
        if (body.Json.TokenType != JsonTokenType.Null) return member.Read(ref body);
        if (member.IsNullable) return null;
        return body.Refuse(member.IsRequired
            ? "The member may not be null; send a value."
            : "The member may not be null; leave it out or send a value.");
    }

    private static object? Absent(ref BodyReader body, Member member)
    {
        if (!member.IsRequired) return member.Default;
        body.Enter(member.Name);
        body.Refuse("The member is required; add it.");
        body.Leave();
        return null;
    }

    /// <summary>The member the reader stands on, tried in the order of the record; unknown ones are refused and give −1.</summary>
    private int Find(ref BodyReader body, int next)
    {
        if (body.Json.ValueIsEscaped) return FindEscaped(ref body);

        var name = body.Json.ValueSpan;
        if (next < _members.Length && name.SequenceEqual(_members[next].Utf8Name)) return next;
        for (var i = 0; i < _members.Length; i++)
        {
            if (name.SequenceEqual(_members[i].Utf8Name)) return i;
        }

        return Unknown(ref body, body.Text()!);
    }

    private int FindEscaped(ref BodyReader body)
    {
        if (body.Text() is { } name)
        {
            var index = Array.FindIndex(_members, member => string.Equals(member.Name, name, StringComparison.Ordinal));
            return index >= 0 ? index : Unknown(ref body, name);
        }

        body.Json.Read();
        body.Refuse("A member's name contains half a surrogate pair; remove it.");
        return -1;
    }

    private int Unknown(ref BodyReader body, string name)
    {
        var nearest = body.FaultsAreFull ? null : Spelling.Nearest(name, _members.Select(member => member.Name));
        body.Json.Read();
        body.Enter(name);
        body.Refuse(nearest is null
            ? "The member is not known; remove it."
            : $"The member is not known; did you mean '{nearest}'?");
        body.Leave();
        return -1;
    }

    private static Member MemberOf(ParameterInfo parameter, NullabilityInfoContext nullability, Type[] path)
    {
        var property = path[^1].GetProperty(parameter.Name!);
        var name = property?.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!);
        var rules = parameter.GetCustomAttributes<ValidationAttribute>()
            .Concat(property?.GetCustomAttributes<ValidationAttribute>() ?? [])
            .ToArray();
        var demanded = rules.Any(rule => rule is RequiredAttribute);
        var nullable = !demanded && nullability.Create(parameter).WriteState == NullabilityState.Nullable;
        var required = demanded || (!nullable && !parameter.HasDefaultValue);
        return new Member(
            name,
            Encoding.UTF8.GetBytes(name),
            ValueReaders.For(parameter.ParameterType, new MemberRules($"{path[^1]}.{parameter.Name}", rules, nullable), path),
            nullable,
            required,
            DefaultOf(parameter));
    }

    /// <summary>A null for a value type makes the constructor see that type's default.</summary>
    private static object? DefaultOf(ParameterInfo parameter)
    {
        var value = parameter.HasDefaultValue ? parameter.DefaultValue : null;
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return value is not null && type.IsEnum ? Enum.ToObject(type, value) : value;
    }

    private sealed record Member(string Name, byte[] Utf8Name, ReadValue Read, bool IsNullable, bool IsRequired, object? Default);
}
