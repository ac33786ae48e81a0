using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Amazon.Lambda.Core;

namespace Dotnet
{
    /// <summary>Gives back what it is given, tells what it sees, or fails.</summary>
    public class Function
    {
        public Stream FunctionHandler(Stream input, ILambdaContext context)
        {
            var text = new StreamReader(input).ReadToEnd();
            var failing = Regex.Match(text, "\"error_msg\":\"([^\"]*)\"");
            if (failing.Success) throw new Exception("Error: " + failing.Groups[1].Value);
            return new MemoryStream(Encoding.UTF8.GetBytes(text.Contains("\"introspect\"") ? Told(context) : text));
        }

        static string Told(ILambdaContext context)
        {
            var told = new Dictionary<string, object>();
            told["ctx"] = new Dictionary<string, string>
            {
                { "aws_request_id", context.AwsRequestId },
                { "function_name", context.FunctionName },
                { "function_version", context.FunctionVersion },
                { "invoked_function_arn", context.InvokedFunctionArn },
                { "log_group_name", context.LogGroupName },
                { "log_stream_name", context.LogStreamName },
                { "memory_limit_in_mb", context.MemoryLimitInMB.ToString() },
                { "remaining_time_in_millis", context.RemainingTime.TotalMilliseconds.ToString() },
            };
            told["environment"] = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(each => (string)each.Key, each => (string)each.Value);
            told["packages"] = new string[0];
            var written = new MemoryStream();
            new Example.Serializer().Serialize(told, written);
            return Encoding.UTF8.GetString(written.ToArray());
        }
    }
}
