// An executable assembly that speaks the Runtime API itself, as Amazon.Lambda.RuntimeSupport does.
using System;
using System.IO;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

public static class Function
{
    static readonly string Api = "http://" + Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/";

    public static void Main()
    {
        Console.WriteLine("CLR " + Environment.Version);
        while (true)
        {
            string id, body;
            using (var response = (HttpWebResponse)Asking("next", "GET").GetResponse())
            using (var reader = new StreamReader(response.GetResponseStream()))
            {
                id = response.Headers["Lambda-Runtime-Aws-Request-Id"];
                body = reader.ReadToEnd();
            }
            var n = int.Parse(Regex.Match(body, "\"n\":(\\d+)").Groups[1].Value);
            if (n == 0) Answer(id + "/error", "{\"errorType\":\"DivideByZeroException\",\"errorMessage\":\"it did not work\"}");
            else Answer(id + "/response", "{\"twice\":" + n * 2 + ",\"requestId\":\"" + id + "\",\"clr\":\"" + typeof(object).Assembly.GetName().Name + "\"}");
        }
    }

    static HttpWebRequest Asking(string path, string method)
    {
        var request = WebRequest.CreateHttp(Api + path);
        request.Method = method;
        request.Timeout = -1;
        return request;
    }

    static void Answer(string path, string body)
    {
        var request = Asking(path, "POST");
        var bytes = Encoding.UTF8.GetBytes(body);
        using (var stream = request.GetRequestStream()) stream.Write(bytes, 0, bytes.Length);
        request.GetResponse().Dispose();
    }
}
