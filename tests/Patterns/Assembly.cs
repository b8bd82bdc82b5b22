using Xunit.Sdk;
using Xunit.v3;

// Each tour runs a dozen processes and measures: one at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
