using System;
using System.IO;
using System.Text;
using System.Threading.Tasks;

namespace Mayfly
{
    /// <summary>Console as functions see it: what is written as a line is one log event, all else goes out as it is.</summary>
    sealed class ConsoleLines : TextWriter
    {
        readonly TextWriter plain;
        readonly Action<string> line;

        internal ConsoleLines(TextWriter plain, Action<string> line)
        {
            this.plain = plain;
            this.line = line;
        }

        public override Encoding Encoding { get { return plain.Encoding; } }
        public override IFormatProvider FormatProvider { get { return plain.FormatProvider; } }

        public override void Write(char value) { plain.Write(value); }
        public override void Write(string value) { plain.Write(value); }
        public override void Write(char[] buffer, int index, int count) { plain.Write(buffer, index, count); }
        public override void Flush() { plain.Flush(); }

        // The base class writes the value and then the end of the line; here they belong together.
        public override void WriteLine() { line(""); }
        public override void WriteLine(string value) { line(value ?? ""); }
        public override void WriteLine(object value) { line(value == null ? "" : value.ToString()); }
        public override void WriteLine(bool value) { line(value ? "True" : "False"); }
        public override void WriteLine(char value) { line(value.ToString()); }
        public override void WriteLine(char[] buffer) { line(buffer == null ? "" : new string(buffer)); }
        public override void WriteLine(char[] buffer, int index, int count) { line(new string(buffer, index, count)); }
        public override void WriteLine(int value) { line(value.ToString(FormatProvider)); }
        public override void WriteLine(uint value) { line(value.ToString(FormatProvider)); }
        public override void WriteLine(long value) { line(value.ToString(FormatProvider)); }
        public override void WriteLine(ulong value) { line(value.ToString(FormatProvider)); }
        public override void WriteLine(float value) { line(value.ToString(FormatProvider)); }
        public override void WriteLine(double value) { line(value.ToString(FormatProvider)); }
        public override void WriteLine(decimal value) { line(value.ToString(FormatProvider)); }
        public override void WriteLine(string format, object first) { line(string.Format(FormatProvider, format, first)); }
        public override void WriteLine(string format, object first, object second) { line(string.Format(FormatProvider, format, first, second)); }
        public override void WriteLine(string format, object first, object second, object third) { line(string.Format(FormatProvider, format, first, second, third)); }
        public override void WriteLine(string format, params object[] values) { line(string.Format(FormatProvider, format, values)); }
        public override Task WriteLineAsync() { return Done(""); }
        public override Task WriteLineAsync(string value) { return Done(value); }
        public override Task WriteLineAsync(char value) { return Done(value.ToString()); }
        public override Task WriteLineAsync(char[] buffer, int index, int count) { return Done(new string(buffer, index, count)); }

        Task Done(string text)
        {
            line(text ?? "");
            return Task.FromResult(0);
        }
    }
}
