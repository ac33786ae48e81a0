using System;
using System.IO;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;

namespace Mayfly
{
    /// <summary>From the text `Assembly::Namespace.Type::Method` to what it means, and how it is called. Spec 4.2-06.</summary>
    sealed class Handler
    {
        const string Core = "Amazon.Lambda.Core";
        const BindingFlags OfTheType = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

        /// <summary>Exceptions of the function come out as they are. CoreCLR knows it since 2.1, mscorlib has no name for it.</summary>
        const BindingFlags DoNotWrapExceptions = (BindingFlags)0x02000000;

        readonly MethodInfo method;
        readonly object target;
        readonly object serializer;
        readonly bool takesContext;
        readonly ParameterInfo input;
        readonly Codec reader;
        readonly Codec writer;
        /// <summary>Of the declared `Task&lt;T&gt;`; what runs is often of a type derived from it.</summary>
        readonly PropertyInfo taskResult;
        readonly Log log;

        /// <summary>Whatever the function's constructor throws comes through, wrapped by reflection as on Lambda.</summary>
        internal static Handler Load(string text, Log log)
        {
            var name = new HandlerName(text);
            var assembly = LoadAssembly(name);
            log.TakeLambdaLogger(Type.GetType(Core + ".LambdaLogger, " + Core, false));
            var type = assembly.GetType(name.Type);
            if (type == null) throw new LambdaValidationException("Unable to load type '{0}' from assembly '{1}'.", name.Type, name.Assembly);
            return new Handler(name, assembly, type, log);
        }

        Handler(HandlerName name, Assembly assembly, Type type, Log log)
        {
            this.log = log;
            method = Methods.Find(name, type);
            Methods.Check(method, type);
            target = Target(type);
            serializer = Serializers.Of(method, assembly);
            var takes = method.GetParameters();
            if (takes.Length > 2) throw new LambdaValidationException("Method '{0}' of type '{1}' is not supported: the method has more than 2 parameters.", method.Name, name.Type);
            takesContext = takes.Length > 0 && IsContext(takes[takes.Length - 1]);
            if (takes.Length == 2 && !takesContext)
                throw new LambdaValidationException("Method '{0}' of type '{1}' is not supported: the method has 2 parameters, but the second parameter is not of type '{2}'.", method.Name, name.Type, Core + ".ILambdaContext");
            input = takes.Length == (takesContext ? 1 : 0) ? null : takes[0];
            if (input != null && input.ParameterType != typeof(Stream)) reader = Codec(name, input.ParameterType, "deserialize input");
            taskResult = TaskResult(method.ReturnType);
            var returns = taskResult == null ? method.ReturnType : taskResult.PropertyType;
            var nothing = returns == typeof(void) || taskResult == null && typeof(Task).IsAssignableFrom(returns);
            if (!nothing && !typeof(Stream).IsAssignableFrom(returns)) writer = Codec(name, returns, "serialize output");
        }

        internal void Invoke(Event each, MemoryStream output)
        {
            var arguments = new object[(input == null ? 0 : 1) + (takesContext ? 1 : 0)];
            if (takesContext) arguments[arguments.Length - 1] = Context(each);
            if (input != null)
            {
                var payload = new MemoryStream(each.Payload);
                arguments[0] = reader == null ? payload : reader.Read(payload);
            }
            var result = method.Invoke(target, DoNotWrapExceptions, null, arguments, null);
            var task = result as Task;
            if (task != null && (writer == null || taskResult != null)) result = Awaited(task);
            if (writer != null)
            {
                writer.Write(result, output);
                return;
            }
            var stream = result as Stream;
            if (stream == null) return;
            using (stream) stream.CopyTo(output);
        }

        object Awaited(Task task)
        {
            task.GetAwaiter().GetResult();
            return taskResult == null ? null : taskResult.GetValue(task, null);
        }

        /// <summary>A method of its own: a function without Amazon.Lambda.Core never comes here.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        object Context(Event each)
        {
            return new LambdaContext(each, log, serializer);
        }

        static Assembly LoadAssembly(HandlerName name)
        {
            try
            {
                return Assembly.Load(new AssemblyName(name.Assembly));
            }
            catch (FileNotFoundException absent)
            {
                throw new LambdaValidationException("Could not find the specified handler assembly with the file name '{0}'. The assembly should be located in the root of your uploaded .zip file.", absent.FileName);
            }
            catch (Exception)
            {
                throw new LambdaValidationException("Unable to load assembly '{0}'.", name.Assembly);
            }
        }

        object Target(Type type)
        {
            if (!method.IsStatic) return Activator.CreateInstance(type);
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
            return null;
        }

        Codec Codec(HandlerName name, Type type, string toDo)
        {
            if (serializer != null) return Mayfly.Codec.Of(type, serializer);
            throw new LambdaValidationException("Could not find the LambdaSerializerAttribute on the assembly '{0}' or method '{1}' while attempting to {2} data of type '{3}'. To use types other than System.IO.Stream as input/output parameters, the assembly or Lambda function should be annotated with {4}.", name.Assembly, name.Method, toDo, type.FullName, Core + ".LambdaSerializerAttribute");
        }

        static PropertyInfo TaskResult(Type type)
        {
            for (var at = type; at != null; at = at.BaseType)
                if (at.IsGenericType && at.GetGenericTypeDefinition() == typeof(Task<>)) return at.GetProperty("Result");
            return null;
        }

        static bool IsContext(ParameterInfo parameter)
        {
            return parameter.ParameterType.FullName == Core + ".ILambdaContext";
        }

        static class Methods
        {
            /// <summary>By its name, else by its whole signature; what the type does not have itself it may inherit.</summary>
            internal static MethodInfo Find(HandlerName name, Type type)
            {
                for (var at = type; at != null; at = at.BaseType)
                {
                    var found = Array.FindAll(at.GetMethods(OfTheType), each => each.Name == name.Method);
                    if (found.Length == 0) found = Array.FindAll(at.GetMethods(OfTheType), each => each.ToString() == name.Method);
                    if (found.Length == 1) return found[0];
                    if (found.Length > 1)
                        throw new LambdaValidationException("The method '{0}' in type '{1}' appears to have a number of overloads. To call this method please specify a complete method signature. Possible candidates are:\n{2}.", name.Method, at.FullName, string.Join("\n", Array.ConvertAll(found, each => each.ToString())));
                }
                throw new LambdaValidationException("Unable to find method '{0}' in type '{1}' from assembly '{2}': Found no methods matching method name '{3}'.", name.Method, name.Type, name.Assembly, name.Method);
            }

            internal static void Check(MethodInfo method, Type type)
            {
                if (method.IsAbstract) Refuse("The method '{0}' cannot be used as a Lambda Handler because it is an abstract method. Handler methods cannot be abstract. Please specify a non-abstract handler method.", method);
                if (method.IsGenericMethod) Refuse("The method '{0}' cannot be used as a Lambda Handler because it is a generic method. Handler methods cannot be generic. Please specify a non-generic handler method.", method);
                if (method.ReturnType == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute), true)) Refuse("The method '{0}' cannot be used as a Lambda Handler because it is an 'async void' method. Handler methods cannot be 'async void'. Please specify a method that is not 'async void'.", method);
                if (Array.Exists(method.GetParameters(), each => each.IsDefined(typeof(ParamArrayAttribute), true))) Refuse("The method '{0}' cannot be used as a Lambda Handler because it is a 'params' method. Please specify a method that does not use 'params'.", method);
                if ((method.CallingConvention & CallingConventions.VarArgs) != 0) Refuse("The method '{0}' cannot be used as a Lambda Handler because it is a 'vararg (variable arguments)' method. Please specify a method that is not 'vararg'.", method);
                if (type.IsGenericType) Refuse("The type '{0}' cannot be used as a Lambda Handler type because it is generic. Handler methods cannot be located in generic types. Please specify a handler method in a non-generic type.", type.FullName);
                if (!method.IsStatic && type.IsAbstract) Refuse("The instance method '{0}' cannot be used as a Lambda Handler because its type '{1}' is abstract. Please either use a static handler or specify a type that is not abstract.", method, type.FullName);
                if (!type.IsClass && !(type.IsValueType && !type.IsPrimitive && !type.IsEnum)) Refuse("The type '{0}' cannot be used as a handler type since it is not a class or a struct. Please specify a handler method on a class or struct.", type.FullName);
            }

            static void Refuse(string message, params object[] words)
            {
                throw new LambdaValidationException(message, words);
            }
        }
    }

    sealed class HandlerName
    {
        internal readonly string Assembly;
        internal readonly string Type;
        internal readonly string Method;

        internal HandlerName(string text)
        {
            var parts = text.Split(new[] { "::" }, 3, StringSplitOptions.None);
            if (parts.Length != 3) Refuse(text, "");
            Assembly = Part(text, parts[0], ", the assembly is missing");
            Type = Part(text, parts[1], ", the type is missing");
            Method = Part(text, parts[2], ", the method is missing");
        }

        static string Part(string text, string part, string complaint)
        {
            if (part.Trim() == "") Refuse(text, complaint);
            return part.Trim();
        }

        static void Refuse(string text, string complaint)
        {
            throw new LambdaValidationException("Invalid lambda function handler: '{0}'{1}. The valid format is 'ASSEMBLY::TYPE::METHOD'.", text, complaint);
        }
    }
}
