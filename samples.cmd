@echo off
rem The command `samples`: `samples tour work-queue`. Builds first; nothing to build takes a few seconds.
rem SAMPLES_NO_BUILD=1 takes what is built.
setlocal
if defined SAMPLES_NO_BUILD goto run
dotnet build "%~dp0runtime\Samples.Cli" --nologo -v quiet
if errorlevel 1 exit /b 1
:run
dotnet "%~dp0artifacts\bin\Samples.Cli\debug\samples.dll" %*
exit /b %errorlevel%
