using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace Ledger;

/// <summary>
/// The one spelling of a JSON value that is hashed: RFC 8785 (JSON Canonicalization Scheme), restricted to what the ledger
/// stores. Members are sorted by the UTF-16 code units of their names, no white space is written, and strings escape only
/// the quotation mark, the backslash and the controls below U+0020.
/// </summary>
/// <remarks>
/// Stricter than the RFC on purpose: numbers are whole and of magnitude at most 2^53 − 1, so that no reader rounds them;
/// duplicate names and U+0000 (which jsonb cannot hold) are refused, and so is nesting deeper than <see cref="MaxDepth"/>.
/// The canonical form is never longer than the input, so one buffer of the input's length always suffices.
/// </remarks>
public static class CanonicalJson
{
    /// <summary>How many objects and arrays may be open at once; a scalar has depth 0.</summary>
    public const int MaxDepth = 32;

    /// <summary>The largest magnitude of a number: 2^53 − 1, the largest integer every JSON reader keeps exactly.</summary>
    public const long MaxInteger = (1L << 53) - 1;

    private const int MembersOnStack = 32;

    /// <summary>Writes the canonical form of one JSON value. When it throws, the output has not advanced.</summary>
    /// <exception cref="CanonicalJsonException">The input is not JSON in UTF-8, or it breaks a rule of the class.</exception>
    public static void Write(ReadOnlySpan<byte> utf8Json, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.Advance(Canonicalize(utf8Json, output.GetSpan(utf8Json.Length)));
    }

    /// <summary>The canonical form of one JSON value, in an array of exactly its length.</summary>
    /// <exception cref="CanonicalJsonException">The input is not JSON in UTF-8, or it breaks a rule of the class.</exception>
    public static byte[] Of(ReadOnlySpan<byte> utf8Json)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(utf8Json.Length);
        try
        {
            return buffer.AsSpan(0, Canonicalize(utf8Json, buffer)).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int Canonicalize(ReadOnlySpan<byte> utf8Json, Span<byte> output)
    {
        if (!Utf8.IsValid(utf8Json))
            throw new CanonicalJsonException("The text is not valid UTF-8", utf8Json);

        var pass = new Pass(utf8Json, output, stackalloc Member[MembersOnStack]);
        try
        {
            return pass.Run();
        }
        catch (JsonException malformed)
        {
            throw new CanonicalJsonException("The text is not JSON", utf8Json, malformed);
        }
        finally
        {
            pass.Return();
        }
    }

    /// <summary>Where one member stands in the output: from the opening quote of its name to the end of its value.</summary>
    private struct Member
    {
        public int Start;
        public int NameLength;
        public int Length;
        public bool NameIsEscaped;
    }

    /// <summary>
    /// One run over one text. Values are written in the order of arrival; an object that turns out to be unsorted is
    /// rearranged when it closes, when everything inside it is canonical already.
    /// </summary>
    private ref struct Pass(ReadOnlySpan<byte> input, Span<byte> output, Span<Member> members)
    {
        private readonly Span<byte> _output = output;
        private readonly int _inputLength = input.Length;
        private Utf8JsonReader _reader = new(input, new JsonReaderOptions { MaxDepth = MaxDepth });
        private Span<Member> _members = members;
        private Member[]? _rentedMembers;
        private byte[]? _scratch;
        private int _memberCount;
        private int _written;

        public int Run()
        {
            _reader.Read();
            WriteValue();
            _reader.Read(); // Throws when anything but white space follows the value.
            return _written;
        }

        public readonly void Return()
        {
            if (_rentedMembers is not null) ArrayPool<Member>.Shared.Return(_rentedMembers);
            if (_scratch is not null) ArrayPool<byte>.Shared.Return(_scratch);
        }

        private void WriteValue()
        {
            switch (_reader.TokenType)
            {
                case JsonTokenType.StartObject: WriteObject(); break;
                case JsonTokenType.StartArray: WriteArray(); break;
                case JsonTokenType.String: WriteString(); break;
                case JsonTokenType.Number: WriteNumber(); break;
                default: Put(_reader.ValueSpan); break; // true, false and null have one spelling.
            }
        }

        private void WriteArray()
        {
            Put((byte)'[');
            var first = true;
            while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
            {
                if (!first) Put((byte)',');
                first = false;
                WriteValue();
            }

            Put((byte)']');
        }

        private void WriteObject()
        {
            Put((byte)'{');
            var body = _written;
            var first = _memberCount;
            var sorted = true;
            while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
            {
                if (_memberCount > first) Put((byte)',');
                var index = _memberCount;
                if (index == _members.Length) GrowMembers();
                _memberCount++;

                var start = _written;
                var escaped = WriteString();
                _members[index] = new Member { Start = start, NameLength = _written - start - 2, NameIsEscaped = escaped };
                if (sorted && index > first) sorted = Compare(_members[index - 1], _members[index]) < 0;

                Put((byte)':');
                _reader.Read();
                WriteValue();
                _members[index].Length = _written - start;
            }

            if (!sorted) Rearrange(body, _members[first.._memberCount]);
            _memberCount = first;
            Put((byte)'}');
        }

        private void Rearrange(int body, Span<Member> members)
        {
            Sort(members);
            for (var i = 1; i < members.Length; i++)
            {
                if (Compare(members[i - 1], members[i]) == 0)
                    throw new CanonicalJsonException("The member name appears twice", Name(members[i]));
            }

            var length = _written - body;
            var arrival = Scratch()[..length];
            _output.Slice(body, length).CopyTo(arrival);
            _written = body;
            foreach (ref readonly var member in members)
            {
                if (_written > body) Put((byte)',');
                Put(arrival.Slice(member.Start - body, member.Length));
            }
        }

        /// <summary>Insertion sort with Knuth's gaps: a dozen names is the rule, thousands must not be quadratic.</summary>
        private readonly void Sort(Span<Member> members)
        {
            var gap = 1;
            while (gap < members.Length / 9) gap = (3 * gap) + 1;
            for (; gap > 0; gap /= 3)
            {
                for (var i = gap; i < members.Length; i++)
                {
                    var moving = members[i];
                    var to = i;
                    for (; to >= gap && Compare(moving, members[to - gap]) < 0; to -= gap) members[to] = members[to - gap];
                    members[to] = moving;
                }
            }
        }

        private readonly int Compare(in Member left, in Member right) => left.NameIsEscaped || right.NameIsEscaped
            ? CanonicalNames.CompareEscaped(Name(left), Name(right))
            : CanonicalNames.Compare(Name(left), Name(right));

        private readonly ReadOnlySpan<byte> Name(in Member member) => _output.Slice(member.Start + 1, member.NameLength);

        /// <summary>Writes the string or name the reader stands on; answers whether the written form contains escapes.</summary>
        private bool WriteString()
        {
            Put((byte)'"');
            var escaped = _reader.ValueIsEscaped && WriteEscaped(Unescape());
            if (!_reader.ValueIsEscaped) Put(_reader.ValueSpan);
            Put((byte)'"');
            return escaped;
        }

        private ReadOnlySpan<byte> Unescape()
        {
            var scratch = Scratch();
            try
            {
                return scratch[.._reader.CopyString(scratch)];
            }
            catch (InvalidOperationException)
            {
                throw new CanonicalJsonException("The string contains half a surrogate pair", _reader.ValueSpan);
            }
        }

        private bool WriteEscaped(ReadOnlySpan<byte> text)
        {
            var escaped = false;
            foreach (var value in text)
            {
                if (value >= 0x20 && value is not ((byte)'"' or (byte)'\\'))
                {
                    Put(value);
                    continue;
                }

                escaped = true;
                switch (value)
                {
                    case 0: throw new CanonicalJsonException("The string contains U+0000", _reader.ValueSpan);
                    case (byte)'"': Put("\\\""u8); break;
                    case (byte)'\\': Put("\\\\"u8); break;
                    case (byte)'\b': Put("\\b"u8); break;
                    case (byte)'\t': Put("\\t"u8); break;
                    case (byte)'\n': Put("\\n"u8); break;
                    case (byte)'\f': Put("\\f"u8); break;
                    case (byte)'\r': Put("\\r"u8); break;
                    default:
                        Put("\\u00"u8);
                        Put("0123456789abcdef"u8[value >> 4]);
                        Put("0123456789abcdef"u8[value & 0xF]);
                        break;
                }
            }

            return escaped;
        }

        private void WriteNumber()
        {
            var text = _reader.ValueSpan;
            var digits = text[0] == (byte)'-' ? text[1..] : text;
            if (digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
                throw new CanonicalJsonException("The number is not written as a whole number", text);

            var magnitude = 0L;
            if (digits.Length <= 16)
            {
                foreach (var digit in digits) magnitude = (magnitude * 10) + (digit - '0');
            }

            if (digits.Length > 16 || magnitude > MaxInteger)
                throw new CanonicalJsonException("The number is beyond 2^53 - 1", text);

            Put(magnitude == 0 ? digits : text); // Minus zero is zero.
        }

        private void Put(byte value) => _output[_written++] = value;

        private void Put(ReadOnlySpan<byte> text)
        {
            text.CopyTo(_output[_written..]);
            _written += text.Length;
        }

        /// <summary>A buffer of the input's length; each use ends before the next begins.</summary>
        private Span<byte> Scratch() => _scratch ??= ArrayPool<byte>.Shared.Rent(_inputLength);

        private void GrowMembers()
        {
            var larger = ArrayPool<Member>.Shared.Rent(_members.Length * 2);
            _members.CopyTo(larger);
            if (_rentedMembers is not null) ArrayPool<Member>.Shared.Return(_rentedMembers);
            _members = _rentedMembers = larger;
        }
    }
}
