using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Mayfly
{
    /// <summary>JSON of frames, failures and log lines. What functions take and give goes through their own serializer.</summary>
    static class Json
    {
        internal static object Parse(string text)
        {
            var at = 0;
            return Value(text, ref at);
        }

        static object Value(string text, ref int at)
        {
            switch (Next(text, ref at))
            {
                case '{':
                    return Members(text, ref at);
                case '[':
                    return Elements(text, ref at);
                case '"':
                    return Text(text, ref at);
                case 't':
                    at += 4;
                    return true;
                case 'f':
                    at += 5;
                    return false;
                case 'n':
                    at += 4;
                    return null;
                default:
                    return Number(text, ref at);
            }
        }

        static IDictionary<string, object> Members(string text, ref int at)
        {
            var members = new Dictionary<string, object>();
            at += 1;
            while (Next(text, ref at) != '}')
            {
                if (text[at] == ',')
                {
                    at += 1;
                    continue;
                }
                var name = Text(text, ref at);
                Next(text, ref at);
                at += 1;
                members[name] = Value(text, ref at);
            }
            at += 1;
            return members;
        }

        static IList<object> Elements(string text, ref int at)
        {
            var elements = new List<object>();
            at += 1;
            while (Next(text, ref at) != ']')
            {
                if (text[at] == ',') at += 1;
                else elements.Add(Value(text, ref at));
            }
            at += 1;
            return elements;
        }

        static string Text(string text, ref int at)
        {
            var end = text.IndexOf('"', at + 1);
            var escape = text.IndexOf('\\', at + 1, end - at - 1);
            if (escape < 0)
            {
                var plain = text.Substring(at + 1, end - at - 1);
                at = end + 1;
                return plain;
            }
            var made = new StringBuilder();
            for (at += 1; text[at] != '"'; at += 1)
            {
                if (text[at] != '\\')
                {
                    made.Append(text[at]);
                    continue;
                }
                at += 1;
                var kind = text[at];
                if (kind == 'u')
                {
                    made.Append((char)int.Parse(text.Substring(at + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                    at += 4;
                }
                else made.Append(kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind == 'b' ? '\b' : kind == 'f' ? '\f' : kind);
            }
            at += 1;
            return made.ToString();
        }

        static object Number(string text, ref int at)
        {
            var start = at;
            while (at < text.Length && "+-.0123456789eE".IndexOf(text[at]) >= 0) at += 1;
            if (at == start) throw new FormatException("No JSON at " + at);
            var number = text.Substring(start, at - start);
            long whole;
            if (long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out whole)) return whole;
            return double.Parse(number, CultureInfo.InvariantCulture);
        }

        static char Next(string text, ref int at)
        {
            while (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t') at += 1;
            return text[at];
        }

        internal static string Write(object value)
        {
            var made = new StringBuilder();
            Append(made, value);
            return made.ToString();
        }

        static void Append(StringBuilder to, object value)
        {
            if (value == null) to.Append("null");
            else if (value is string) AppendText(to, (string)value);
            else if (value is Raw) to.Append(((Raw)value).Text);
            else if (value is bool) to.Append((bool)value ? "true" : "false");
            else if (value is IDictionary) AppendMembers(to, (IDictionary)value);
            else if (value is IList && !(value is byte[])) AppendElements(to, (IList)value);
            else if (IsNumber(value)) to.Append(((IFormattable)value).ToString(value is double || value is float ? "R" : null, CultureInfo.InvariantCulture));
            else AppendText(to, Convert.ToString(value, CultureInfo.InvariantCulture));
        }

        static bool IsNumber(object value)
        {
            var type = Type.GetTypeCode(value.GetType());
            if (value is Enum || type < TypeCode.SByte || type > TypeCode.Decimal) return false;
            // JSON has no words for these.
            var real = type == TypeCode.Double || type == TypeCode.Single ? Convert.ToDouble(value) : 0;
            return !double.IsNaN(real) && !double.IsInfinity(real);
        }

        static void AppendMembers(StringBuilder to, IDictionary members)
        {
            var between = '{';
            foreach (DictionaryEntry member in members)
            {
                to.Append(between);
                between = ',';
                AppendText(to, Convert.ToString(member.Key, CultureInfo.InvariantCulture));
                to.Append(':');
                Append(to, member.Value);
            }
            to.Append(between == '{' ? "{}" : "}");
        }

        static void AppendElements(StringBuilder to, IList elements)
        {
            var between = '[';
            foreach (var element in elements)
            {
                to.Append(between);
                between = ',';
                Append(to, element);
            }
            to.Append(between == '[' ? "[]" : "]");
        }

        static void AppendText(StringBuilder to, string text)
        {
            to.Append('"');
            foreach (var each in text)
            {
                if (each == '"' || each == '\\') to.Append('\\').Append(each);
                else if (each == '\n') to.Append("\\n");
                else if (each == '\r') to.Append("\\r");
                else if (each == '\t') to.Append("\\t");
                // Of a pair one half may be missing, which UTF-8 cannot say and an escape can.
                else if (each < ' ' || char.IsSurrogate(each)) to.Append("\\u").Append(((int)each).ToString("x4"));
                else to.Append(each);
            }
            to.Append('"');
        }

        /// <summary>JSON that somebody else wrote.</summary>
        internal sealed class Raw
        {
            internal readonly string Text;

            internal Raw(string text)
            {
                Text = text;
            }
        }
    }
}
