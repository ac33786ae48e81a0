using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace Mayfly
{
    sealed class Frame
    {
        internal char Type;
        internal IDictionary<string, object> Header;
        internal byte[] Body;

        internal string Text(string name)
        {
            object value;
            return Header.TryGetValue(name, out value) ? value as string : null;
        }
    }

    /// <summary>
    /// Frames over a unix socket, by the C library's own calls: a socket of .NET brings its event loop and two more
    /// assemblies, and everything here waits in turn anyway.
    /// </summary>
    sealed class Channel
    {
        const int Interrupted = 4;

        readonly int socketNumber;
        readonly object writing = new object();
        byte[] have = new byte[65536];
        int from;
        int until;

        internal Channel(string path)
        {
            const int unix = 1, stream = 1, closeOnExec = 0x80000;
            // Its addresses begin with their length, and its sockets are opened without such flags.
            var isMac = RuntimeInformation.IsOSPlatform(OSPlatform.OSX);
            socketNumber = socket(unix, isMac ? stream : stream | closeOnExec, 0);
            var name = Encoding.UTF8.GetBytes(path);
            var address = new byte[isMac ? 106 : 110];
            if (isMac) address[0] = (byte)address.Length;
            address[isMac ? 1 : 0] = unix;
            Array.Copy(name, 0, address, 2, name.Length);
            if (connect(socketNumber, address, name.Length + 3) != 0) throw new IOException("No connection to " + path);
        }

        internal static int ProcessId
        {
            get { return getpid(); }
        }

        /// <summary>The next frame of this type; null when the platform has gone.</summary>
        internal Frame Receive(char type)
        {
            for (;;)
            {
                var front = Read(4);
                if (front == null) return null;
                var length = Number(front, 0);
                var bytes = Read(length);
                if (bytes == null) return null;
                if (bytes[0] != type) continue;
                var head = Number(bytes, 1);
                var frame = new Frame { Type = type, Body = new byte[length - 5 - head] };
                frame.Header = head == 0 ? new Dictionary<string, object>() : (IDictionary<string, object>)Json.Parse(Encoding.UTF8.GetString(bytes, 5, head));
                Array.Copy(bytes, 5 + head, frame.Body, 0, frame.Body.Length);
                return frame;
            }
        }

        internal void Send(char type, IDictionary<string, object> header = null, MemoryStream body = null)
        {
            var frames = new MemoryStream();
            Append(frames, type, header, body);
            Write(frames);
        }

        /// <summary>What ends an invocation, and the wish for another event, in one write.</summary>
        internal void SendLast(char type, IDictionary<string, object> header, MemoryStream body)
        {
            var frames = new MemoryStream();
            Append(frames, type, header, body);
            Append(frames, 'N', null, null);
            Write(frames);
        }

        static void Append(MemoryStream to, char type, IDictionary<string, object> header, MemoryStream body)
        {
            var head = header == null ? new byte[0] : Encoding.UTF8.GetBytes(Json.Write(header));
            var size = body == null ? 0 : (int)body.Length;
            AppendNumber(to, 5 + head.Length + size);
            to.WriteByte((byte)type);
            AppendNumber(to, head.Length);
            to.Write(head, 0, head.Length);
            if (body != null) body.WriteTo(to);
        }

        static void AppendNumber(MemoryStream to, int number)
        {
            for (var shift = 24; shift >= 0; shift -= 8) to.WriteByte((byte)(number >> shift));
        }

        static int Number(byte[] bytes, int at)
        {
            return bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
        }

        byte[] Read(int count)
        {
            var bytes = new byte[count];
            var done = Math.Min(count, until - from);
            Array.Copy(have, from, bytes, 0, done);
            from += done;
            while (done < count)
            {
                // What is large goes to its place at once; the rest is read ahead.
                var rest = count - done;
                var ahead = rest < have.Length;
                var got = ahead ? (int)read(socketNumber, ref have[0], (IntPtr)have.Length) : (int)read(socketNumber, ref bytes[done], (IntPtr)rest);
                if (got < 0 && Marshal.GetLastWin32Error() == Interrupted) continue;
                if (got <= 0) return null;
                if (ahead)
                {
                    until = got;
                    from = Math.Min(rest, got);
                    Array.Copy(have, 0, bytes, done, from);
                    got = from;
                }
                done += got;
            }
            return bytes;
        }

        /// <summary>Everything or nothing: functions log from their own threads.</summary>
        void Write(MemoryStream frames)
        {
            var bytes = frames.GetBuffer();
            var count = (int)frames.Length;
            lock (writing)
            {
                for (var done = 0; done < count;)
                {
                    var sent = (int)write(socketNumber, ref bytes[done], (IntPtr)(count - done));
                    if (sent > 0) done += sent;
                    else if (Marshal.GetLastWin32Error() != Interrupted) Environment.Exit(0);
                }
            }
        }

        [DllImport("libc", SetLastError = true)]
        static extern int socket(int domain, int type, int protocol);

        [DllImport("libc", SetLastError = true)]
        static extern int connect(int socket, byte[] address, int length);

        [DllImport("libc", SetLastError = true)]
        static extern IntPtr read(int file, ref byte buffer, IntPtr count);

        [DllImport("libc", SetLastError = true)]
        static extern IntPtr write(int file, ref byte buffer, IntPtr count);

        [DllImport("libc")]
        static extern int getpid();
    }
}
