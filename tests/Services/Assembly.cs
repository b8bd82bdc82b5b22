using Xunit.Sdk;
using Xunit.v3;

// Services are real processes, and some tests wait for their clocks: one at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
