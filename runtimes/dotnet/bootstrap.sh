#!/bin/bash
# Starts a .NET function. Spec 4.2-06, 4.2-07; the texts and exit codes are those of Lambda.

refuse() {
  printf 'Error: %s\n' "$1" >&2
  exit "$2"
}

# The assembly's own file of this ending, or the only one there is.
beside() {
  found=$main.$1
  [[ -f $found ]] && return
  local others=(*."$1")
  [[ ${#others[@]} == 1 && -f ${others[0]} ]] || refuse ".NET binaries for Lambda function are not correctly installed in the $LAMBDA_TASK_ROOT directory of the image when the image was built. The $LAMBDA_TASK_ROOT directory is missing the required .$1 file." "$2"
  found=${others[0]}
}

# .NET sees neither a box's cgroup nor less than the host's memory, so it is told its share: the three quarters that it takes
# of a limit it sees. The older name is read by every CLR, the newer one also by Native AOT.
if [[ -z $DOTNET_GCHeapHardLimit$COMPlus_GCHeapHardLimit && -n $AWS_LAMBDA_FUNCTION_MEMORY_SIZE ]]; then
  printf -v DOTNET_GCHeapHardLimit '0x%x' $((AWS_LAMBDA_FUNCTION_MEMORY_SIZE * 1024 * 768))
  export DOTNET_GCHeapHardLimit COMPlus_GCHeapHardLimit=$DOTNET_GCHeapHardLimit
  ours=(DOTNET_GCHeapHardLimit COMPlus_GCHeapHardLimit)
fi

[[ -n $_HANDLER ]] || refuse 'No Lambda Handler function was specified.' 103
cd "$LAMBDA_TASK_ROOT" || exit 102
name=${_HANDLER%.dll}
case $_HANDLER in
  *:*)
    main=${LAMBDA_DOTNET_MAIN_ASSEMBLY:-${_HANDLER%%:*}}
    main=${main%.dll}
    beside deps.json 105 && deps=$found
    beside runtimeconfig.json 106
    exec "$DOTNET_ROOT/dotnet" exec --depsfile "$LAMBDA_TASK_ROOT/$deps" --runtimeconfig "$LAMBDA_TASK_ROOT/$found" "${BASH_SOURCE[0]%/*}/Mayfly.Runtime.dll" "${ours[@]}" OLDPWD _
    ;;
esac
# An executable assembly, a file-based app or Native AOT: these carry a runtime client of their own.
unset MAYFLY_CHANNEL
[[ -f $name.dll ]] && exec "$DOTNET_ROOT/dotnet" "$name.dll"
[[ -x $name ]] && exec "./$name"
refuse "executable assembly $LAMBDA_TASK_ROOT/$name.dll or binary $LAMBDA_TASK_ROOT/$name not found." 104
