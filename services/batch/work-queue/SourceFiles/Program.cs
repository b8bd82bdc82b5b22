using Microsoft.AspNetCore.Http.HttpResults;
using Samples.Defaults;
using Samples.SourceFiles;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.Services.AddSingleton(ItemFolderOptions.From(builder.Configuration));
builder.Services.AddSingleton<ItemFolder>();

var app = builder.Build();
app.MapDefaults();

// The source interface, the same for every source: what there is, and one item's content.
app.MapGet("/items", (ItemFolder folder) => TypedResults.Ok(folder.List()));
app.MapGet("/items/{id}", Results<FileStreamHttpResult, ProblemHttpResult> (string id, ItemFolder folder) => folder.Open(id) is { } content
    ? TypedResults.File(content, "application/octet-stream")
    : TypedResults.Problem(
        statusCode: 404,
        title: $"There is no item '{id}'.",
        detail: "GET /items lists those that can be had now.",
        type: "item-not-found"));

app.Run();
