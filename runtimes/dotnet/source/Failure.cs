using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Mayfly
{
    /// <summary>Something wrong with the function that .NET itself does not say. The name is that of AWS.</summary>
    sealed class LambdaValidationException : Exception
    {
        internal LambdaValidationException(string message, params object[] words) : base(string.Format(message, words)) {}
    }

    /// <summary>How failures are shown. Spec 2.4-06.</summary>
    static class Failure
    {
        /// <summary>Causes go no deeper than that.</summary>
        const int Depth = 16;
        const int MaximumBytes = 256 * 1024;

        /// <summary>What calls a function: this host, and by what it calls it.</summary>
        static readonly string[] callers = { "at Mayfly.", "at System.Runtime", "at System.Reflection.", "at System.Activator.", "at InvokeStub_", "--- End of stack trace" };

        internal static IDictionary<string, object> Header(Exception problem)
        {
            return new Dictionary<string, object> { { "errorType", problem.GetType().Name } };
        }

        internal static MemoryStream Body(Exception problem)
        {
            var bytes = Encoding.UTF8.GetBytes(Json.Write(Shape(problem, 0)));
            if (bytes.Length > MaximumBytes) bytes = Encoding.UTF8.GetBytes("{\"errorMessage\": \"Exception exceeded maximum payload size of 256KB.\"}");
            var body = new MemoryStream();
            body.Write(bytes, 0, bytes.Length);
            return body;
        }

        static Dictionary<string, object> Shape(Exception problem, int depth)
        {
            var shape = new Dictionary<string, object> { { "errorType", problem.GetType().Name }, { "errorMessage", problem.Message } };
            var lines = Lines(problem.StackTrace);
            if (lines.Count > 0) shape["stackTrace"] = lines;
            if (depth == Depth) return shape;
            if (problem.InnerException != null) shape["cause"] = Shape(problem.InnerException, depth + 1);
            var several = problem as AggregateException;
            if (several == null || several.InnerExceptions.Count == 0) return shape;
            var causes = new List<object>();
            foreach (var each in several.InnerExceptions) causes.Add(Shape(each, depth + 1));
            shape["causes"] = causes;
            return shape;
        }

        /// <summary>The function's own lines: what called it is cut off.</summary>
        static List<string> Lines(string trace)
        {
            var lines = new List<string>();
            foreach (var line in (trace ?? "").Split('\n')) if (line.Trim() != "") lines.Add(line.Trim());
            while (lines.Count > 0 && Array.Exists(callers, lines[lines.Count - 1].StartsWith)) lines.RemoveAt(lines.Count - 1);
            return lines;
        }
    }
}
