using System;
using System.Collections.Generic;
using System.IO;

namespace Mayfly
{
    /// <summary>
    /// Runs one class library function: connects, loads the handler, then one event after the other. See ../../CHANNEL.md.
    /// The process stands in the function's folder with the function's environment already; nothing is replaced.
    /// </summary>
    static class Program
    {
        /// <param name="ours">variables of the start, which are not the function's</param>
        static int Main(string[] ours)
        {
            var channel = new Channel(Environment.GetEnvironmentVariable("MAYFLY_CHANNEL"));
            Environment.SetEnvironmentVariable("MAYFLY_CHANNEL", null);
            foreach (var name in ours) Environment.SetEnvironmentVariable(name, null);
            channel.Send('H', new Dictionary<string, object> { { "pid", Channel.ProcessId }, { "version", Environment.Version.ToString() } });
            var init = channel.Receive('I');
            if (init == null) return 0;
            var log = new Log(channel);
            log.TakeConsole();
            Handler handler;
            try
            {
                handler = Handler.Load(Environment.GetEnvironmentVariable("_HANDLER"), log);
            }
            catch (Exception problem)
            {
                Console.Error.WriteLine(problem);
                channel.Send('F', Failure.Header(problem), Failure.Body(problem));
                Environment.Exit(1);
                return 1;
            }
            channel.Send('R');
            for (var frame = channel.Receive('E'); frame != null; frame = channel.Receive('E')) Run(channel, log, handler, new Event(frame));
            // What the function left running does not hold the process.
            Environment.Exit(0);
            return 0;
        }

        static void Run(Channel channel, Log log, Handler handler, Event each)
        {
            log.RequestId = each.RequestId;
            log.TraceId = each.TraceId;
            log.TenantId = each.TenantId;
            Environment.SetEnvironmentVariable("_X_AMZN_TRACE_ID", each.TraceId);
            var output = new MemoryStream();
            try
            {
                handler.Invoke(each, output);
            }
            catch (Exception problem)
            {
                Console.Error.WriteLine(problem);
                var failed = Failure.Header(problem);
                failed["requestId"] = each.RequestId;
                channel.SendLast('X', failed, Failure.Body(problem));
                return;
            }
            channel.SendLast('A', new Dictionary<string, object> { { "requestId", each.RequestId }, { "contentType", "application/json" } }, output);
        }
    }

    sealed class Event
    {
        internal readonly string RequestId;
        internal readonly long DeadlineMs;
        internal readonly string InvokedArn;
        internal readonly string TraceId;
        internal readonly string ClientContext;
        internal readonly string CognitoIdentity;
        internal readonly string TenantId;
        internal readonly byte[] Payload;

        internal Event(Frame frame)
        {
            RequestId = frame.Text("requestId");
            DeadlineMs = Convert.ToInt64(frame.Header["deadlineMs"]);
            InvokedArn = frame.Text("invokedArn");
            TraceId = frame.Text("traceId");
            ClientContext = frame.Text("clientContext");
            CognitoIdentity = frame.Text("cognitoIdentity");
            TenantId = frame.Text("tenantId");
            Payload = frame.Body;
        }
    }
}
