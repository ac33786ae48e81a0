using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Amazon.Lambda.Core;

[assembly: LambdaSerializer(typeof(Example.Serializer))]

namespace Example
{
    public class Order
    {
        public int Count { get; set; }
        public List<string> Names { get; set; }
    }

    public abstract class Base
    {
        public string Inherited(string text) { return text + " by " + GetType().Name; }
        public abstract string Abstract(string text);
    }

    public class Functions : Base
    {
        static int calls;

        public Functions()
        {
            Console.WriteLine("constructed");
            LambdaLogger.Log("told statically");
        }

        public Order Twice(Order order, ILambdaContext context) { return new Order { Count = order.Count * 2, Names = order.Names.Select(name => name + "!").ToList() }; }
        public Stream Copy(Stream input)
        {
            var output = new MemoryStream();
            input.CopyTo(output);
            output.Position = 0;
            return output;
        }
        public int Count() { return calls += 1; }
        public static string Static(string text) { return "static " + text; }
        string Private(string text) { return "private " + text; }
        public void Nothing(Stream input) {}
        public async Task Later(string text) { await Task.Delay(1); Console.WriteLine("later " + text); }
        public async Task<Order> LaterOrder(Order order) { await Task.Delay(1); return order; }
        public async Task<Stream> LaterStream(Stream input) { await Task.Yield(); return Copy(input); }
        [LambdaSerializer(typeof(Loud))]
        public string Shouts(string text) { return text; }
        public override string Abstract(string text) { return "made " + text; }

        public string Overloaded(string text) { return "text " + text; }
        public string Overloaded(int number) { return "number " + number; }
        public string Many(string one, ILambdaContext context, string three) { return ""; }
        public string Second(string one, string two) { return ""; }
        public T Generic<T>(T value) { return value; }
        public async void Forgotten(string text) { await Task.Yield(); }
        public string Params(params string[] texts) { return ""; }

        public Dictionary<string, object> Asks(ILambdaContext context)
        {
            var all = new Dictionary<string, object>();
            all["id"] = context.AwsRequestId;
            all["arn"] = context.InvokedFunctionArn;
            all["trace"] = context.TraceId == Environment.GetEnvironmentVariable("_X_AMZN_TRACE_ID") ? context.TraceId : "another";
            all["tenant"] = context.TenantId;
            all["name"] = context.FunctionName;
            all["version"] = context.FunctionVersion;
            all["group"] = context.LogGroupName;
            all["stream"] = context.LogStreamName;
            all["memory"] = context.MemoryLimitInMB;
            all["leftMs"] = context.RemainingTime.TotalMilliseconds;
            all["title"] = context.ClientContext.Client == null ? null : context.ClientContext.Client.AppTitle;
            all["custom"] = context.ClientContext.Custom;
            all["identity"] = context.Identity.IdentityId;
            all["serializer"] = context.Serializer.GetType().Name;
            all["folder"] = Environment.CurrentDirectory;
            all["channel"] = Environment.GetEnvironmentVariable("MAYFLY_CHANNEL");
            all["clr"] = typeof(object).Assembly.GetName().Name;
            return all;
        }

        public Dictionary<string, string> Variables(Stream input)
        {
            return Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().ToDictionary(each => (string)each.Key, each => (string)each.Value);
        }

        public void Logs(string text, ILambdaContext context)
        {
            Console.WriteLine("two\nlines");
            Console.WriteLine("{0} of {1}", 1, 2);
            Console.WriteLine(3.5);
            Console.Error.WriteLine("wrong");
            Console.Write("as it is\n");
            context.Logger.LogLine("a line");
            context.Logger.Log("Debug", "kept back");
            context.Logger.Log("Warning", "{user} has {count:000} of {{these}} {@order}", "Ada", 7, new Order { Count = 1 });
            context.Logger.Log("Error", new InvalidOperationException("why"), "it failed", new object[0]);
            LambdaLogger.Log("without a level");
            LambdaLogger.Log("Critical", "{0} {1} {0}", 1, new byte[] { 10, 11 });
        }

        public string Throws(string text)
        {
            if (text == "outer") throw new ArgumentException("outer", new InvalidOperationException("inner"));
            if (text == "several") throw new AggregateException("several", new Exception("one"), new FormatException("two"));
            if (text == "exit") Environment.Exit(5);
            if (text == "memory") return Fill();
            throw new InvalidOperationException("it did not work");
        }
        public async Task<string> ThrowsLater(string text) { await Task.Delay(1); return Throws(text); }

        static string Fill()
        {
            var all = new List<byte[]>();
            for (;;) all.Add(new byte[1 << 20]);
        }

        public class Nested { public string Inside(string text) { return "nested " + text; } }
    }

    public static class Statics { public static string Static(string text) { return text; } }
    public class Fails { public Fails() { throw new InvalidOperationException("not today"); } public string Never(string text) { return text; } }
    public class FailsStatically { static FailsStatically() { throw new InvalidOperationException("not today"); } public static string Never(string text) { return text; } }
    public class Open<T> { public string Run(string text) { return text; } }
    public interface IHandles { string Run(string text); }
    public class Unset { [LambdaSerializer(null)] public string Run(string text) { return text; } [LambdaSerializer(typeof(Unmakeable))] public string Other(string text) { return text; } [LambdaSerializer(typeof(Order))] public string Wrong(string text) { return text; } }
}
