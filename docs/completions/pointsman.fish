# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_pointsman_global_optspecs
    string join \n h/help V/version
end

function __fish_pointsman_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_pointsman_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_pointsman_using_subcommand
    set -l cmd (__fish_pointsman_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c pointsman -n "__fish_pointsman_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_needs_command" -s V -l version -d 'Print version'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "set" -d 'Set the reparse point of a file or directory, as Windows would'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "get" -d 'Show the reparse point of a file or directory'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "delete" -d 'Remove the reparse point from a file or directory, and keep the file or directory'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "explain" -d 'Say what the bytes of a reparse point mean, and whether Windows would take them'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "find" -d 'Find reparse points below a directory'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "resolve" -d 'Follow links and junctions as Windows would, and show each hop'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "copy" -d 'Copy a reparse point to another file or directory, byte for byte'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "retarget" -d 'Rewrite where links and junctions lead, by prefix'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "check" -d 'Check the reparse points and other attributes stored below a directory, or on the volume of an image'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "cat" -d 'Write the data of a file that carries a reparse point, where it is on this disk'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "save" -d 'Save every reparse point below a directory, to be restored later'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "restore" -d 'Restore the reparse points that `save` wrote'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "undo" -d 'Take back what the last command changed in a disk image, to the exact bytes before it'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "tour" -d 'Show what this is: set, read, explain, find, follow and break reparse points in a temporary directory'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "serve" -d 'Share a directory over SMB, with reparse points and links of every kind'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "user" -d 'Add, list and remove the users of `pointsman serve`'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "status" -d 'Show who is connected to a running `pointsman serve`, and what they have open'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "generate" -d 'Write the man pages or all completions into a directory'
complete -c pointsman -n "__fish_pointsman_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l symlink -d 'A symbolic link to TARGET: C:\\dir, \\\\server\\share\\dir, ..\\dir, \\dir or an NT path' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l junction -d 'A junction (mount point) to the directory TARGET, such as C:\\dir or \\\\?\\Volume{GUID}\\' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l wsl -d 'A symbolic link of the Windows Subsystem for Linux (LX_SYMLINK) to TARGET, a Unix path' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l wsl-char -d 'A character device of the Windows Subsystem for Linux (LX_CHR), its number in the EA $LXDEV' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l wsl-block -d 'A block device of the Windows Subsystem for Linux (LX_BLK), its number in the EA $LXDEV' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l nfs-symlink -d 'A symbolic link as an NFS server on Windows keeps it' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l nfs-char -d 'A character device as an NFS server on Windows keeps it' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l nfs-block -d 'A block device as an NFS server on Windows keeps it' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l app-exec-link -d 'An alias that starts a packaged app: its package family, then --entry-point and --executable' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l wof -d 'A file compressed by the Windows Overlay Filter. The compressed bytes are not made here' -r -f -a "xpress4k\t'XPRESS in chunks of 4 KiB'
xpress8k\t'XPRESS in chunks of 8 KiB'
xpress16k\t'XPRESS in chunks of 16 KiB'
lzx\t'LZX in chunks of 32 KiB'"
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l wci -d 'A file of a container layer (WCI), by the layer\'s GUID, then --wci-name' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l raw -d 'The bytes of a whole reparse point, from FILE (- is stdin)' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l hex -d 'The bytes of a whole reparse point in hexadecimal; spaces are allowed' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l json -d 'A reparse point as `get --json` writes it, from FILE (- is stdin)' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l tag -d 'Any tag, by name or as 0x..., with --data and, for a third party\'s, --guid' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l print -d 'What users are shown of a link or junction. Default: the target as typed' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l entry-point -d 'The app\'s id within its package, for --app-exec-link' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l executable -d 'The program that the alias starts, for --app-exec-link' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l app-type -d 'The kind of app, for --app-exec-link' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l wci-name -d 'The path within the layer, for --wci' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l guid -d 'The owner\'s GUID, which a third party\'s --tag must have' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l data -d 'The data of --tag in hexadecimal. Default: none' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l lx-mode -d 'Permission bits in octal for the EA $LXMOD, with a --wsl... kind or --af-unix' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l lx-uid -d 'Owner for the EA $LXUID, with a --wsl... kind or --af-unix' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l lx-gid -d 'Group for the EA $LXGID, with a --wsl... kind or --af-unix' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l create -d 'Make the object first if there is none' -r -f -a "file\t'An empty file'
dir\t'An empty directory'"
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l if-tag -d 'Set only if the object has this tag now (`none`: has none), and let the new one differ' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l if-guid -d 'The owner\'s GUID that a third party\'s --if-tag must have' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l durability -d 'When the change counts as done' -r -f -a "write-through\t'When it is on the disk'
deferred\t'When the host has it; a crash of the machine may undo it, whole'"
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l root -d 'Directory that is the root of the volume: no path leaves it, and `\\` in a target means it. Default: the top of the mount that holds the path' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l drive -d 'Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says otherwise' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l password-file -d 'File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no user in the address, the Kerberos tickets of KRB5CCNAME' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l symlink-evaluation -d 'Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows, L2L:1,L2R:1,R2L:0,R2R:0' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l seal -d 'When messages are encrypted; they are signed in any case' -r -f -a "if-offered\t'If the server can (default)'
required\t'Always: a server that cannot is refused'
if-demanded\t'Only if the server demands it'"
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l sync -d 'When the changes of a batch are on the disk. Default: end' -r -f -a "each\t'Each change is on the disk before it is reported'
end\t'Changes are reported as they are made; one flush at the end, before the summary says `durable`'
none\t'Left to the host\'s own time; the summary says so'"
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l wsl-fifo -d 'A named pipe of the Windows Subsystem for Linux (LX_FIFO)'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l af-unix -d 'A local socket (AF_UNIX), as Windows and its Subsystem for Linux make them'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l nfs-fifo -d 'A named pipe as an NFS server on Windows keeps it'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l nfs-socket -d 'A socket as an NFS server on Windows keeps it'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l relative -d 'Store the symlink\'s target as relative whatever it looks like. Default: as Windows tells from the target'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l absolute -d 'Store the symlink\'s target as absolute: an NT path such as \\Device\\Name\\ where it is no other'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l or-none -d 'With --if-tag: an object without any tag will do as well'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l replace-tag -d 'Replace whatever tag the object has now'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l no-privilege -d 'Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l old-dialects -d 'Talk to servers that know no dialect as new as 3.1.1'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l force -d 'Change a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -l batch -d 'Read JSON lines from stdin, one object a line; write one result line for each, then a summary line'
complete -c pointsman -n "__fish_pointsman_using_subcommand set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l root -d 'Directory that is the root of the volume: no path leaves it, and `\\` in a target means it. Default: the top of the mount that holds the path' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l drive -d 'Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says otherwise' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l password-file -d 'File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no user in the address, the Kerberos tickets of KRB5CCNAME' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l symlink-evaluation -d 'Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows, L2L:1,L2R:1,R2L:0,R2R:0' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l seal -d 'When messages are encrypted; they are signed in any case' -r -f -a "if-offered\t'If the server can (default)'
required\t'Always: a server that cannot is refused'
if-demanded\t'Only if the server demands it'"
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l json -d 'One line of JSON for each path, which `set --json` takes back'
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l raw -d 'The exact bytes, header included'
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l hex -d 'The exact bytes in hexadecimal'
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l batch -d 'Read JSON lines {"path": ...} from stdin and write one result line for each, then a summary line'
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l no-privilege -d 'Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told'
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l old-dialects -d 'Talk to servers that know no dialect as new as 3.1.1'
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -l force -d 'Change a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l tag -d 'The tag that must be there, by name or as 0x...' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l guid -d 'The owner\'s GUID that must be there, for a third party\'s --tag' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l root -d 'Directory that is the root of the volume: no path leaves it, and `\\` in a target means it. Default: the top of the mount that holds the path' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l drive -d 'Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says otherwise' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l password-file -d 'File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no user in the address, the Kerberos tickets of KRB5CCNAME' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l symlink-evaluation -d 'Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows, L2L:1,L2R:1,R2L:0,R2R:0' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l seal -d 'When messages are encrypted; they are signed in any case' -r -f -a "if-offered\t'If the server can (default)'
required\t'Always: a server that cannot is refused'
if-demanded\t'Only if the server demands it'"
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l sync -d 'When the changes of a batch are on the disk. Default: end' -r -f -a "each\t'Each change is on the disk before it is reported'
end\t'Changes are reported as they are made; one flush at the end, before the summary says `durable`'
none\t'Left to the host\'s own time; the summary says so'"
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l json -d 'Report results and errors as JSON lines'
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l no-privilege -d 'Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told'
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l old-dialects -d 'Talk to servers that know no dialect as new as 3.1.1'
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l force -d 'Change a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -l batch -d 'Read JSON lines from stdin, one object a line; write one result line for each, then a summary line'
complete -c pointsman -n "__fish_pointsman_using_subcommand delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -l hex -d 'The bytes in hexadecimal; spaces are allowed' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -l path -d 'A file or directory that carries the reparse point' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -l root -d 'Directory that is the root of the volume: no path leaves it, and `\\` in a target means it. Default: the top of the mount that holds the path' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -l drive -d 'Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says otherwise' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -l password-file -d 'File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no user in the address, the Kerberos tickets of KRB5CCNAME' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -l symlink-evaluation -d 'Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows, L2L:1,L2R:1,R2L:0,R2R:0' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -l seal -d 'When messages are encrypted; they are signed in any case' -r -f -a "if-offered\t'If the server can (default)'
required\t'Always: a server that cannot is refused'
if-demanded\t'Only if the server demands it'"
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -l json -d 'One JSON object instead of text'
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -l no-privilege -d 'Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told'
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -l old-dialects -d 'Talk to servers that know no dialect as new as 3.1.1'
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -l force -d 'Change a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l tag -d 'Only this tag, by name or as 0x...; may be repeated' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l kind -d 'Only this kind; may be repeated' -r -f -a "symlink\t'Windows\' symbolic links'
junction\t'Junctions (mount points)'
wsl\t'What the Windows Subsystem for Linux makes, local sockets included'
nfs\t'What an NFS server on Windows makes'
app\t'Aliases of packaged apps'
wof\t'Files compressed or kept in an image by the Windows Overlay Filter'
wci\t'Files of container layers'
cloud\t'Placeholders of cloud providers'
vendor\t'Points of third parties'
other\t'Any other'"
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l threads -d 'How many threads walk; default: as many as there are processors' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l root -d 'Directory that is the root of the volume: no path leaves it, and `\\` in a target means it. Default: the top of the mount that holds the path' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l drive -d 'Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says otherwise' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l password-file -d 'File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no user in the address, the Kerberos tickets of KRB5CCNAME' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l symlink-evaluation -d 'Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows, L2L:1,L2R:1,R2L:0,R2R:0' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l seal -d 'When messages are encrypted; they are signed in any case' -r -f -a "if-offered\t'If the server can (default)'
required\t'Always: a server that cannot is refused'
if-demanded\t'Only if the server demands it'"
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l dangling -d 'Only links and junctions that lead nowhere; exit code 1 if there are any'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l name-surrogate -d 'Only tags that stand for another named object'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l microsoft -d 'Only Microsoft\'s tags'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l third-party -d 'Only tags of third parties'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l stored -d 'Only points that are stored as such: not the host\'s own links, pipes, sockets and devices, which look like points'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l deleted -d 'In a volume of an image (IMAGE!/): what is left of points whose files were deleted. Their records are not in use; names, tags and clusters are as they were left, and may be overwritten in part'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l json -d 'JSON lines, with the whole point in each'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -s 0 -l null -d 'Paths alone, each ended by a NUL, as `xargs -0` takes them'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -s l -l paths -d 'Paths alone, one a line'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l sort -d 'Print in the order of the paths, at the end'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l no-privilege -d 'Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l old-dialects -d 'Talk to servers that know no dialect as new as 3.1.1'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -l force -d 'Change a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand find" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand resolve" -l root -d 'Directory that is the root of the volume: no path leaves it, and `\\` in a target means it. Default: the top of the mount that holds the path' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand resolve" -l drive -d 'Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says otherwise' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand resolve" -l password-file -d 'File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no user in the address, the Kerberos tickets of KRB5CCNAME' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand resolve" -l symlink-evaluation -d 'Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows, L2L:1,L2R:1,R2L:0,R2R:0' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand resolve" -l seal -d 'When messages are encrypted; they are signed in any case' -r -f -a "if-offered\t'If the server can (default)'
required\t'Always: a server that cannot is refused'
if-demanded\t'Only if the server demands it'"
complete -c pointsman -n "__fish_pointsman_using_subcommand resolve" -l json -d 'One JSON object instead of text'
complete -c pointsman -n "__fish_pointsman_using_subcommand resolve" -l no-privilege -d 'Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told'
complete -c pointsman -n "__fish_pointsman_using_subcommand resolve" -l old-dialects -d 'Talk to servers that know no dialect as new as 3.1.1'
complete -c pointsman -n "__fish_pointsman_using_subcommand resolve" -l force -d 'Change a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -l root -d 'Directory that is the root of the volume: no path leaves it, and `\\` in a target means it. Default: the top of the mount that holds the path' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -l drive -d 'Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says otherwise' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -l password-file -d 'File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no user in the address, the Kerberos tickets of KRB5CCNAME' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -l symlink-evaluation -d 'Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows, L2L:1,L2R:1,R2L:0,R2R:0' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -l seal -d 'When messages are encrypted; they are signed in any case' -r -f -a "if-offered\t'If the server can (default)'
required\t'Always: a server that cannot is refused'
if-demanded\t'Only if the server demands it'"
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -l replace-tag -d 'Replace whatever tag the target has now'
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -l no-create -d 'Refuse if the target does not exist'
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -l json -d 'Report the result, and errors, as JSON'
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -l no-privilege -d 'Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told'
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -l old-dialects -d 'Talk to servers that know no dialect as new as 3.1.1'
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -l force -d 'Change a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l from -d 'The prefix to replace' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l to -d 'What to put in its place' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l undo-file -d 'Where --apply records what each link was, before it is changed; the file must not exist' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l undo -d 'Put back what an undo file records' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l root -d 'Directory that is the root of the volume: no path leaves it, and `\\` in a target means it. Default: the top of the mount that holds the path' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l drive -d 'Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says otherwise' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l password-file -d 'File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no user in the address, the Kerberos tickets of KRB5CCNAME' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l symlink-evaluation -d 'Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows, L2L:1,L2R:1,R2L:0,R2R:0' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l seal -d 'When messages are encrypted; they are signed in any case' -r -f -a "if-offered\t'If the server can (default)'
required\t'Always: a server that cannot is refused'
if-demanded\t'Only if the server demands it'"
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l apply -d 'Change the links'
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l json -d 'JSON lines instead of text'
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l no-privilege -d 'Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told'
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l old-dialects -d 'Talk to servers that know no dialect as new as 3.1.1'
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -l force -d 'Change a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand retarget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand check" -l repair -d 'Put right what can be'
complete -c pointsman -n "__fish_pointsman_using_subcommand check" -l json -d 'JSON lines instead of text'
complete -c pointsman -n "__fish_pointsman_using_subcommand check" -l force -d 'Repair a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -l root -d 'Directory that is the root of the volume: no path leaves it, and `\\` in a target means it. Default: the top of the mount that holds the path' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -l drive -d 'Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says otherwise' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -l password-file -d 'File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no user in the address, the Kerberos tickets of KRB5CCNAME' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -l symlink-evaluation -d 'Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows, L2L:1,L2R:1,R2L:0,R2R:0' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -l seal -d 'When messages are encrypted; they are signed in any case' -r -f -a "if-offered\t'If the server can (default)'
required\t'Always: a server that cannot is refused'
if-demanded\t'Only if the server demands it'"
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -l follow -d 'Follow a symbolic link or a junction to the file that it leads to'
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -l state -d 'Do not write the data; say how much of it is on this disk'
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -l json -d 'The state, and errors, as JSON'
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -l no-privilege -d 'Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told'
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -l old-dialects -d 'Talk to servers that know no dialect as new as 3.1.1'
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -l force -d 'Change a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand cat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand save" -l root -d 'Directory that is the root of the volume: no path leaves it, and `\\` in a target means it. Default: the top of the mount that holds the path' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand save" -l drive -d 'Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says otherwise' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand save" -l password-file -d 'File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no user in the address, the Kerberos tickets of KRB5CCNAME' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand save" -l symlink-evaluation -d 'Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows, L2L:1,L2R:1,R2L:0,R2R:0' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand save" -l seal -d 'When messages are encrypted; they are signed in any case' -r -f -a "if-offered\t'If the server can (default)'
required\t'Always: a server that cannot is refused'
if-demanded\t'Only if the server demands it'"
complete -c pointsman -n "__fish_pointsman_using_subcommand save" -l no-privilege -d 'Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told'
complete -c pointsman -n "__fish_pointsman_using_subcommand save" -l old-dialects -d 'Talk to servers that know no dialect as new as 3.1.1'
complete -c pointsman -n "__fish_pointsman_using_subcommand save" -l force -d 'Change a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l policy -d 'What to do with points of a tag: keep (restore them), drop (remove such a point if it is there), or skip (leave the object as it is). May be repeated; `all` is every tag that is not named' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l root -d 'Directory that is the root of the volume: no path leaves it, and `\\` in a target means it. Default: the top of the mount that holds the path' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l drive -d 'Which directory a Windows drive, volume or share stands for, such as `C:=/srv/c` or `D:=disk.img!/`, or which share of a server, such as `Z:=smb://host/share`. May be repeated. Inside an image, `C:` is its volume unless this says otherwise' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l password-file -d 'File whose first line is the password. Else POINTSMAN_PASSWORD, POINTSMAN_PASSWORD_FILE, or the terminal; with no user in the address, the Kerberos tickets of KRB5CCNAME' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l symlink-evaluation -d 'Which links are followed, by where they are and where they lead, as fsutil writes it. Default: as Windows, L2L:1,L2R:1,R2L:0,R2R:0' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l seal -d 'When messages are encrypted; they are signed in any case' -r -f -a "if-offered\t'If the server can (default)'
required\t'Always: a server that cannot is refused'
if-demanded\t'Only if the server demands it'"
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l replace-tag -d 'Replace whatever tag an object has now'
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l dry-run -d 'Say what would be done, and do nothing'
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l json -d 'JSON lines instead of text'
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l no-privilege -d 'Act without SeCreateSymbolicLinkPrivilege, to see what an ordinary Windows user is told'
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l old-dialects -d 'Talk to servers that know no dialect as new as 3.1.1'
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -l force -d 'Change a volume in an image though it is marked dirty: what is written may build on damage that is there'
complete -c pointsman -n "__fish_pointsman_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand undo" -l json -d 'Report the result, and errors, as JSON'
complete -c pointsman -n "__fish_pointsman_using_subcommand undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand tour" -l in -d 'Where to make the temporary directory; it must be on a file system with extended attributes' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand tour" -s h -l help -d 'Print help'
complete -c pointsman -n "__fish_pointsman_using_subcommand serve" -l config -d 'A file of configuration instead' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand serve" -l name -d 'What clients call the share. Default: the directory\'s name' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand serve" -l user -d 'The user that is made' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand serve" -l listen -d 'Where to listen, as ADDRESS or ADDRESS:PORT; may be repeated. Default: port 4450 of every address' -r
complete -c pointsman -n "__fish_pointsman_using_subcommand serve" -l log -d 'What is logged to stderr' -r -f -a "error\t'What stops something from working'
warn\t'Also refused logons'
info\t'Also logons and reloads'
debug\t'Also what helps to find a fault'"
complete -c pointsman -n "__fish_pointsman_using_subcommand serve" -l log-format -d 'How' -r -f -a "text\t'For people'
json\t'One JSON object a line'"
complete -c pointsman -n "__fish_pointsman_using_subcommand serve" -l check -d 'Only check the configuration, or that the directory can be shared'
complete -c pointsman -n "__fish_pointsman_using_subcommand serve" -l read-only -d 'Let nothing be changed'
complete -c pointsman -n "__fish_pointsman_using_subcommand serve" -l unix-links -d 'Store links and special files as the host\'s own where they can be'
complete -c pointsman -n "__fish_pointsman_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and not __fish_seen_subcommand_from add password remove list help" -l users -d 'The users file. Default: /etc/pointsman/users.toml for root, else ~/.config/pointsman/users.toml' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and not __fish_seen_subcommand_from add password remove list help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and not __fish_seen_subcommand_from add password remove list help" -f -a "add" -d 'Add a user; the password is asked for, or is the first line of stdin'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and not __fish_seen_subcommand_from add password remove list help" -f -a "password" -d 'Give a user another password'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and not __fish_seen_subcommand_from add password remove list help" -f -a "remove" -d 'Remove a user'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and not __fish_seen_subcommand_from add password remove list help" -f -a "list" -d 'List the users'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and not __fish_seen_subcommand_from add password remove list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from add" -l users -d 'The users file. Default: /etc/pointsman/users.toml for root, else ~/.config/pointsman/users.toml' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from add" -l admin -d 'A member of Administrators: may set reparse points of every tag, whatever the share\'s policy'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from password" -l users -d 'The users file. Default: /etc/pointsman/users.toml for root, else ~/.config/pointsman/users.toml' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from password" -s h -l help -d 'Print help'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from remove" -l users -d 'The users file. Default: /etc/pointsman/users.toml for root, else ~/.config/pointsman/users.toml' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from list" -l users -d 'The users file. Default: /etc/pointsman/users.toml for root, else ~/.config/pointsman/users.toml' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from list" -l json -d 'JSON lines instead of text'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a user; the password is asked for, or is the first line of stdin'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "password" -d 'Give a user another password'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a user'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the users'
complete -c pointsman -n "__fish_pointsman_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pointsman -n "__fish_pointsman_using_subcommand status" -l socket -d 'The server\'s socket. Default: below XDG_RUNTIME_DIR, or /run/pointsman/status.sock' -r -F
complete -c pointsman -n "__fish_pointsman_using_subcommand status" -l json -d 'One JSON object instead of text'
complete -c pointsman -n "__fish_pointsman_using_subcommand status" -s h -l help -d 'Print help'
complete -c pointsman -n "__fish_pointsman_using_subcommand completions" -s h -l help -d 'Print help'
complete -c pointsman -n "__fish_pointsman_using_subcommand generate" -s h -l help -d 'Print help'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "set" -d 'Set the reparse point of a file or directory, as Windows would'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "get" -d 'Show the reparse point of a file or directory'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "delete" -d 'Remove the reparse point from a file or directory, and keep the file or directory'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "explain" -d 'Say what the bytes of a reparse point mean, and whether Windows would take them'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "find" -d 'Find reparse points below a directory'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "resolve" -d 'Follow links and junctions as Windows would, and show each hop'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "copy" -d 'Copy a reparse point to another file or directory, byte for byte'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "retarget" -d 'Rewrite where links and junctions lead, by prefix'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "check" -d 'Check the reparse points and other attributes stored below a directory, or on the volume of an image'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "cat" -d 'Write the data of a file that carries a reparse point, where it is on this disk'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "save" -d 'Save every reparse point below a directory, to be restored later'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "restore" -d 'Restore the reparse points that `save` wrote'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "undo" -d 'Take back what the last command changed in a disk image, to the exact bytes before it'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "tour" -d 'Show what this is: set, read, explain, find, follow and break reparse points in a temporary directory'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "serve" -d 'Share a directory over SMB, with reparse points and links of every kind'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "user" -d 'Add, list and remove the users of `pointsman serve`'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "status" -d 'Show who is connected to a running `pointsman serve`, and what they have open'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "completions" -d 'Print the completions of a shell'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "generate" -d 'Write the man pages or all completions into a directory'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and not __fish_seen_subcommand_from set get delete explain find resolve copy retarget check cat save restore undo tour serve user status completions generate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "add" -d 'Add a user; the password is asked for, or is the first line of stdin'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "password" -d 'Give a user another password'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "remove" -d 'Remove a user'
complete -c pointsman -n "__fish_pointsman_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "list" -d 'List the users'
