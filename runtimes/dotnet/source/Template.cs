using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Mayfly
{
    /// <summary>
    /// A message with arguments: `{count}`, `{0}`, `{price:0.00}`, `{@order}` as JSON. Without arguments a message is what it is.
    /// </summary>
    sealed class Template
    {
        const string Moment = "yyyy-MM-ddTHH:mm:ss.fffZ";
        /// <summary>Of bytes in a message.</summary>
        const int MostBytes = 16;

        internal readonly string Message;
        /// <summary>What a record of JSON says besides its message.</summary>
        internal readonly IDictionary<string, object> Properties = new Dictionary<string, object>();

        internal Template(string text, object[] arguments)
        {
            Message = text;
            if (arguments == null || arguments.Length == 0) return;
            var holes = Holes(text);
            if (holes.Count == 0) return;
            var byPosition = ByPosition(holes);
            var made = new StringBuilder();
            var at = 0;
            for (var index = 0; index < holes.Count; index += 1)
            {
                var hole = holes[index];
                var which = byPosition ? int.Parse(hole.Name, CultureInfo.InvariantCulture) : index;
                // More names than arguments: the rest stays as it is.
                if (which >= arguments.Length) break;
                made.Append(Plain(text.Substring(at, hole.From - at))).Append(Shown(hole, arguments[which], text.Substring(hole.From, hole.Until - hole.From)));
                at = hole.Until;
                if (arguments[which] != null) Properties[hole.Name] = Property(hole, arguments[which]);
            }
            Message = made.Append(Plain(text.Substring(at))).ToString();
        }

        sealed class Hole
        {
            internal int From;
            internal int Until;
            internal string Name;
            internal string Format;
            internal bool AsJson;
        }

        static List<Hole> Holes(string text)
        {
            var holes = new List<Hole>();
            for (var at = 0; at < text.Length; at += 1)
            {
                if (text[at] != '{') continue;
                // Two of them are one that is meant as it stands.
                if (at + 1 < text.Length && text[at + 1] == '{')
                {
                    at += 1;
                    continue;
                }
                var end = text.IndexOf('}', at);
                if (end <= at + 1) continue;
                var inside = text.Substring(at + 1, end - at - 1);
                var asJson = inside[0] == '@';
                var parts = (asJson ? inside.Substring(1) : inside).Split(new[] { ':' }, 2);
                holes.Add(new Hole { From = at, Until = end + 1, Name = parts[0].Trim(), Format = parts.Length == 2 ? parts[1].Trim() : "", AsJson = asJson });
                at = end;
            }
            return holes;
        }

        /// <summary>`{0} {1} {0}`: every name a number, none left out.</summary>
        static bool ByPosition(List<Hole> holes)
        {
            var seen = new List<int>();
            var most = -1;
            foreach (var hole in holes)
            {
                int number;
                if (!int.TryParse(hole.Name, NumberStyles.None, CultureInfo.InvariantCulture, out number)) return false;
                if (!seen.Contains(number)) seen.Add(number);
                most = Math.Max(most, number);
            }
            return seen.Count == most + 1;
        }

        static string Plain(string text)
        {
            return text.Replace("{{", "{").Replace("}}", "}");
        }

        static string Shown(Hole hole, object value, string asWritten)
        {
            if (value is byte[]) return Hexadecimal((byte[])value);
            if (value == null || value is IList || value is IDictionary) return asWritten;
            return Text(hole, value);
        }

        static object Property(Hole hole, object value)
        {
            if (hole.AsJson) return Serialized(value);
            if (value is byte[]) return Hexadecimal((byte[])value);
            if (value is IList || value is IDictionary) return value;
            return hole.Format == "" && value is IConvertible && !(value is DateTime) ? value : Text(hole, value);
        }

        static string Text(Hole hole, object value)
        {
            var formattable = value as IFormattable;
            try
            {
                if (hole.Format != "" && formattable != null) return formattable.ToString(hole.Format, null);
            }
            catch (FormatException)
            {
                return value.ToString();
            }
            return value is DateTime || value is DateTimeOffset ? formattable.ToString(Moment, CultureInfo.InvariantCulture) : value.ToString();
        }

        static string Hexadecimal(byte[] bytes)
        {
            var shown = BitConverter.ToString(bytes, 0, Math.Min(bytes.Length, MostBytes)).Replace("-", "");
            return bytes.Length > MostBytes ? shown + "... (" + bytes.Length + " bytes)" : shown;
        }

        /// <summary>By System.Text.Json where there is one.</summary>
        static object Serialized(object value)
        {
            try
            {
                var options = Type.GetType("System.Text.Json.JsonSerializerOptions, System.Text.Json", true);
                var serialize = Type.GetType("System.Text.Json.JsonSerializer, System.Text.Json", true).GetMethod("Serialize", new[] { typeof(object), typeof(Type), options });
                return new Json.Raw((string)serialize.Invoke(null, new[] { value, value.GetType(), null }));
            }
            catch (Exception)
            {
                return value.ToString();
            }
        }
    }
}
