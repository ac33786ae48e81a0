using System;
using System.IO;
using System.Reflection;
using System.Runtime.CompilerServices;
using Amazon.Lambda.Core;

namespace Mayfly
{
    /// <summary>Finds what the function says about JSON, by name: which Amazon.Lambda.Core says it does not matter.</summary>
    static class Serializers
    {
        /// <returns>The serializer named on the method, else on the assembly; null when neither names one</returns>
        internal static object Of(MethodInfo method, Assembly assembly)
        {
            var attribute = Attribute(method.GetCustomAttributes(true)) ?? Attribute(assembly.GetCustomAttributes(true));
            if (attribute == null) return null;
            var type = (Type)attribute.GetType().GetProperty("SerializerType").GetValue(attribute, null);
            if (type == null) throw new LambdaValidationException("The 'SerializerType' property on attribute class '{0}' is not set.", attribute.GetType().FullName);
            var constructor = type.GetConstructor(Type.EmptyTypes);
            if (constructor == null) throw new LambdaValidationException("The indicated serializer '{0}' does not define a public zero-parameter constructor.", type.FullName);
            if (type.GetInterface("Amazon.Lambda.Core.ILambdaSerializer") == null) throw new LambdaValidationException("The '{0}' class is invalid: it does not implement the 'ILambdaSerializer' interface.", type.FullName);
            return constructor.Invoke(null);
        }

        static object Attribute(object[] attributes)
        {
            return Array.Find(attributes, each => Is(each.GetType(), "Amazon.Lambda.Core.LambdaSerializerAttribute"));
        }

        static bool Is(Type type, string name)
        {
            for (var at = type; at != null; at = at.BaseType) if (at.FullName == name) return true;
            return false;
        }
    }

    /// <summary>A serializer for one type of which only reflection knows.</summary>
    abstract class Codec
    {
        internal abstract object Read(Stream from);

        internal abstract void Write(object value, Stream to);

        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static Codec Of(Type type, object serializer)
        {
            return (Codec)Activator.CreateInstance(typeof(Codec<>).MakeGenericType(type), serializer);
        }
    }

    sealed class Codec<T> : Codec
    {
        readonly ILambdaSerializer serializer;

        public Codec(object serializer)
        {
            this.serializer = (ILambdaSerializer)serializer;
        }

        internal override object Read(Stream from)
        {
            return serializer.Deserialize<T>(from);
        }

        internal override void Write(object value, Stream to)
        {
            serializer.Serialize((T)value, to);
        }
    }
}
