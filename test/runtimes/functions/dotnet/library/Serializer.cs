// By System.Text.Json, as Amazon.Lambda.Serialization.SystemTextJson does; it is found by its name, for the compiler has none.
using System;
using System.IO;
using System.Reflection;
using System.Text;
using Amazon.Lambda.Core;

namespace Example
{
    public class Serializer : ILambdaSerializer
    {
        static readonly Type json = Type.GetType("System.Text.Json.JsonSerializer, System.Text.Json", true);
        static readonly Type options = Type.GetType("System.Text.Json.JsonSerializerOptions, System.Text.Json", true);
        static readonly MethodInfo read = json.GetMethod("Deserialize", new[] { typeof(string), typeof(Type), options });
        static readonly MethodInfo write = json.GetMethod("Serialize", new[] { typeof(object), typeof(Type), options });

        public T Deserialize<T>(Stream from)
        {
            return (T)Call(read, new StreamReader(from).ReadToEnd(), typeof(T), null);
        }

        public virtual void Serialize<T>(T value, Stream to)
        {
            var bytes = Encoding.UTF8.GetBytes((string)Call(write, value, typeof(T), null));
            to.Write(bytes, 0, bytes.Length);
        }

        static object Call(MethodInfo method, params object[] arguments)
        {
            try
            {
                return method.Invoke(null, arguments);
            }
            catch (TargetInvocationException problem)
            {
                throw problem.InnerException;
            }
        }
    }

    public class Loud : Serializer
    {
        public override void Serialize<T>(T value, Stream to)
        {
            base.Serialize(value.ToString().ToUpperInvariant(), to);
        }
    }

    public class Unmakeable : Serializer
    {
        public Unmakeable(int number) {}
    }
}
