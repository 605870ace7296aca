var builder = WebApplication.CreateSlimBuilder(args); builder.Build().Run(); public sealed partial class Program;
