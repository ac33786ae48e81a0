// Needs nothing of Amazon.Lambda.Core, and so brings none.
using System.IO;

public class Bare
{
    public Stream Copy(Stream input) { return input; }
    public string Text(Stream input) { return ""; }
    public void Takes(string text) {}
}
