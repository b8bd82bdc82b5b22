using System.Text;

namespace Samples.Stages;

/// <summary>How one stage is wired.</summary>
/// <param name="Stage">Its app id.</param>
/// <param name="Kind">What it does; null where it did not answer.</param>
/// <param name="Inputs">Topics in.</param>
/// <param name="Outputs">Topics out.</param>
/// <param name="DeadLetters">Where what cannot be handled goes.</param>
public sealed record Wiring(string Stage, string? Kind, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, string? DeadLetters)
{
    /// <summary>Of this stage.</summary>
    public static Wiring Of(StageSettings settings) =>
        new(settings.Name, settings.Kind, settings.Inputs, settings.Outputs, settings.DeadLetters);

    /// <summary>Of a stage that did not answer.</summary>
    public static Wiring Unknown(string stage) => new(stage, null, [], [], null);
}

/// <summary>A flow: its stages, and by the names of their topics what is between them.</summary>
public sealed record Flow(IReadOnlyList<Wiring> Stages)
{
    /// <summary>The flow as a mermaid flowchart: stages are boxes, topics are pipes.</summary>
    public string ToMermaid()
    {
        var drawing = new StringBuilder("flowchart LR\n");
        foreach (var stage in Stages)
        {
            drawing.Append("    ").Append(Node(stage.Stage)).Append("[\"").Append(stage.Stage);
            drawing.Append(stage.Kind is null ? " (no answer)" : stage.Kind == stage.Stage ? "" : $" ({stage.Kind})").Append("\"]\n");
        }

        foreach (var topic in Stages.SelectMany(s => s.Inputs.Concat(s.Outputs)).Distinct(StringComparer.Ordinal))
            drawing.Append("    ").Append(Pipe(topic)).Append("([").Append(topic).Append("])\n");
        foreach (var stage in Stages)
        {
            foreach (var topic in stage.Inputs)
                drawing.Append("    ").Append(Pipe(topic)).Append(" --> ").Append(Node(stage.Stage)).Append('\n');
            foreach (var topic in stage.Outputs)
                drawing.Append("    ").Append(Node(stage.Stage)).Append(" --> ").Append(Pipe(topic)).Append('\n');
        }

        return drawing.ToString();
    }

    // Words such as `end` mean something to mermaid, and a stage may have the name of a topic.
    private static string Node(string stage) => "stage-" + stage;

    private static string Pipe(string topic) => "topic-" + topic;
}
