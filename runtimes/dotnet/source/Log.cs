using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Reflection;
using System.Text;

namespace Mayfly
{
    /// <summary>What stands behind Console and ILambdaLogger: each line written is one log event. Spec 5.2-04.</summary>
    sealed class Log
    {
        static readonly string[] levels = { "Trace", "Debug", "Information", "Warning", "Error", "Critical" };
        static readonly string[] labels = { "trce", "dbug", "info", "warn", "fail", "crit" };

        readonly Channel channel;
        readonly bool json;
        readonly bool prefixed;
        readonly int lowest;

        internal string RequestId = "";
        internal string TraceId;
        internal string TenantId;

        internal Log(Channel channel)
        {
            this.channel = channel;
            var format = Setting("FORMAT");
            json = Same(format, "Json");
            prefixed = !Same(format, "Unformatted");
            var level = LevelOf(Setting("LEVEL"));
            lowest = level < 0 ? 2 : level;
        }

        /// <summary>Lambda's setting, else the variable that is .NET's own.</summary>
        static string Setting(string name)
        {
            var own = Environment.GetEnvironmentVariable("AWS_LAMBDA_HANDLER_LOG_" + name);
            return string.IsNullOrEmpty(own) ? Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_" + name) : own;
        }

        internal void TakeConsole()
        {
            Console.SetOut(new ConsoleLines(Console.Out, line => Write("Information", null, line, null)));
            Console.SetError(new ConsoleLines(Console.Error, line => Write("Error", null, line, null)));
        }

        /// <summary>The static logger of the function's own Amazon.Lambda.Core keeps what it calls in private fields for us.</summary>
        internal void TakeLambdaLogger(Type logger)
        {
            if (logger == null) return;
            Set(logger, "_loggingAction", (Action<string>)(message => Write(null, null, message, null)));
            Set(logger, "_loggingWithLevelAction", (Action<string, string, object[]>)((level, message, arguments) => Write(level, null, message, arguments)));
            Set(logger, "_loggingWithLevelAndExceptionAction", (Action<string, Exception, string, object[]>)Write);
        }

        static void Set(Type type, string name, object value)
        {
            var field = type.GetField(name, BindingFlags.NonPublic | BindingFlags.Static);
            if (field != null) field.SetValue(null, value);
        }

        /// <param name="level">null: the message says it itself, and no level keeps it back</param>
        /// <param name="message">may have `{name}` for its arguments</param>
        internal void Write(string level, Exception problem, string message, object[] arguments)
        {
            var rank = LevelOf(level);
            if (rank >= 0 && rank < lowest) return;
            var now = DateTime.UtcNow;
            var template = new Template(message ?? "", arguments);
            Send(now, json ? Record(now, rank < 0 ? "Information" : levels[rank], problem, template) : Line(now, rank < 0 ? level : labels[rank], problem, template));
        }

        string Line(DateTime now, string label, Exception problem, Template template)
        {
            var line = new StringBuilder();
            if (prefixed)
            {
                line.Append(Stamp(now)).Append('\t').Append(RequestId).Append('\t');
                if (!string.IsNullOrEmpty(label)) line.Append(label).Append('\t');
            }
            line.Append(template.Message);
            if (problem != null && template.Message != "") line.Append('\n');
            return line.Append(problem).ToString();
        }

        string Record(DateTime now, string level, Exception problem, Template template)
        {
            var record = new Dictionary<string, object> { { "timestamp", Stamp(now) }, { "level", level } };
            if (!string.IsNullOrEmpty(RequestId)) record["requestId"] = RequestId;
            if (!string.IsNullOrEmpty(TenantId)) record["tenantId"] = TenantId;
            if (!string.IsNullOrEmpty(TraceId)) record["traceId"] = TraceId;
            record["message"] = template.Message;
            foreach (var each in template.Properties) record[each.Key] = each.Value;
            if (problem != null)
            {
                record["errorType"] = problem.GetType().FullName;
                record["errorMessage"] = problem.Message;
                record["stackTrace"] = Array.ConvertAll(problem.ToString().Split('\n'), each => each.Trim());
            }
            return Json.Write(record);
        }

        void Send(DateTime now, string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var body = new MemoryStream(bytes, 0, bytes.Length, false, true);
            channel.Send('L', new Dictionary<string, object> { { "atMs", (now.Ticks - 621355968000000000L) / TimeSpan.TicksPerMillisecond } }, body);
        }

        static string Stamp(DateTime at)
        {
            return at.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        }

        /// <summary>Its place in the order of levels, by .NET's names or by Lambda's; -1 for what is none.</summary>
        static int LevelOf(string level)
        {
            if (Same(level, "Fatal")) return 5;
            if (Same(level, "Info")) return 2;
            if (Same(level, "Warn")) return 3;
            return Array.FindIndex(levels, each => Same(each, level));
        }

        static bool Same(string one, string other)
        {
            return string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
        }
    }
}
