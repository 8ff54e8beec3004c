; The installer, in French and English, for one user or for the machine. makensis is given VERSION, PROGRAM (the
; program's folder), ICON and OUTPUT by windows.mjs. Silent: /S, with /AllUsers or /CurrentUser; keeps the data.

Target amd64-unicode
Name "Synchronisation"
OutFile "${OUTPUT}"
SetCompressor /SOLID lzma
BrandingText "Synchronisation ${VERSION}"

!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Synchronisation"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"

!define MULTIUSER_EXECUTIONLEVEL Highest
!define MULTIUSER_MUI
!define MULTIUSER_INSTALLMODE_COMMANDLINE
!define MULTIUSER_USE_PROGRAMFILES64
!define MULTIUSER_INSTALLMODE_INSTDIR "Synchronisation"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_KEY "${KEY}"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_VALUENAME "InstallLocation"
!define MULTIUSER_INSTALLMODE_DEFAULT_REGISTRY_KEY "${KEY}"
!define MULTIUSER_INSTALLMODE_DEFAULT_REGISTRY_VALUENAME "InstallLocation"
!include MultiUser.nsh
!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include x64.nsh

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\Synchronisation.exe"
!insertmacro MULTIUSER_PAGE_INSTALLMODE
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "French"
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_RESERVEFILE_LANGDLL

LangString PROGRAM_PART ${LANG_FRENCH} "Synchronisation"
LangString PROGRAM_PART ${LANG_ENGLISH} "Synchronisation"
LangString STARTUP_PART ${LANG_FRENCH} "Démarrer avec ma session Windows"
LangString STARTUP_PART ${LANG_ENGLISH} "Start when I sign in to Windows"
LangString FIREWALL_PART ${LANG_FRENCH} "Pare-feu : laisser entrer les établissements (siège)"
LangString FIREWALL_PART ${LANG_ENGLISH} "Firewall: let the establishments in (head office)"
LangString COMMAND_LINE ${LANG_FRENCH} "Synchronisation (ligne de commande)"
LangString COMMAND_LINE ${LANG_ENGLISH} "Synchronisation (command line)"
LangString ONLY_64 ${LANG_FRENCH} "Synchronisation demande un Windows 64 bits."
LangString ONLY_64 ${LANG_ENGLISH} "Synchronisation needs a 64-bit Windows."
LangString NO_FIREWALL ${LANG_FRENCH} "La règle du pare-feu n’a pas pu être créée : elle demande une installation pour tous les utilisateurs, par un administrateur."
LangString NO_FIREWALL ${LANG_ENGLISH} "The firewall rule could not be made: it takes an installation for all users, by an administrator."
LangString IN_USE ${LANG_FRENCH} "Synchronisation est en cours d’exécution. Quittez le logiciel, arrêtez son service s’il y en a un, puis recommencez."
LangString IN_USE ${LANG_ENGLISH} "Synchronisation is running. Quit the program, stop its service if there is one, then try again."
LangString DELETE_DATA ${LANG_FRENCH} "Supprimer aussi le dossier de données de cet utilisateur ? Il contient la configuration, les rapports et ce qui n’a pas encore été envoyé ou reçu. Dans le doute, répondez Non."
LangString DELETE_DATA ${LANG_ENGLISH} "Delete this user's data folder too? It holds the settings, the reports, and what was not yet sent or received. If in doubt, answer No."

VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=${LANG_ENGLISH} "ProductName" "Synchronisation"
VIAddVersionKey /LANG=${LANG_ENGLISH} "FileDescription" "Synchronisation"
VIAddVersionKey /LANG=${LANG_ENGLISH} "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=${LANG_ENGLISH} "LegalCopyright" "MIT"

Function .onInit
  ${IfNot} ${RunningX64}
    MessageBox MB_ICONSTOP "$(ONLY_64)" /SD IDOK
    Abort
  ${EndIf}
  SetRegView 64
  !insertmacro MULTIUSER_INIT
  !insertmacro MUI_LANGDLL_DISPLAY
FunctionEnd

Function un.onInit
  SetRegView 64
  !insertmacro MULTIUSER_UNINIT
  !insertmacro MUI_UNGETLANGUAGE
FunctionEnd

; A program that runs holds its file: it is not replaced by half.
!macro REFUSE_WHILE_RUNNING
  ${For} $R1 1 2
    StrCpy $R2 "$INSTDIR\Synchronisation.exe"
    ${If} $R1 = 2
      StrCpy $R2 "$INSTDIR\node.exe"
    ${EndIf}
    ${If} ${FileExists} "$R2"
      ClearErrors
      FileOpen $R0 "$R2" a
      ${If} ${Errors}
        MessageBox MB_ICONEXCLAMATION "$(IN_USE)" /SD IDOK
        SetErrorLevel 2
        Quit
      ${EndIf}
      FileClose $R0
    ${EndIf}
  ${Next}
!macroend

Section "$(PROGRAM_PART)"
  SectionIn RO
  !insertmacro REFUSE_WHILE_RUNNING
  ; What an older version had and this one has not would stay.
  RMDir /r "$INSTDIR\package.nw"
  SetOutPath "$INSTDIR"
  File /r "${PROGRAM}/*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateDirectory "$SMPROGRAMS\Synchronisation"
  CreateShortcut "$SMPROGRAMS\Synchronisation\Synchronisation.lnk" "$INSTDIR\Synchronisation.exe"
  CreateShortcut "$SMPROGRAMS\Synchronisation\$(COMMAND_LINE).lnk" "$SYSDIR\cmd.exe" \
    '/k "set PATH=$INSTDIR;%PATH%"' "$INSTDIR\Synchronisation.exe"
  WriteRegStr SHCTX "${KEY}" "DisplayName" "Synchronisation"
  WriteRegStr SHCTX "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${KEY}" "DisplayIcon" "$INSTDIR\Synchronisation.exe"
  WriteRegStr SHCTX "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode'
  WriteRegStr SHCTX "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode /S'
  WriteRegDWORD SHCTX "${KEY}" "NoModify" 1
  WriteRegDWORD SHCTX "${KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD SHCTX "${KEY}" "EstimatedSize" "$0"
SectionEnd

; The same entry that the window makes where its preferences say so.
Section /o "$(STARTUP_PART)"
  WriteRegStr HKCU "${RUN_KEY}" "Synchronisation" '"$INSTDIR\Synchronisation.exe"'
SectionEnd

; Both programs serve FTP: the window's own engine, and node.exe as a service. The port and the passive range are
; settings, so that the rule names programs.
Section /o "$(FIREWALL_PART)"
  Push "Synchronisation.exe"
  Call AllowThrough
  Push "node.exe"
  Call AllowThrough
SectionEnd

Function AllowThrough
  Pop $1
  nsExec::Exec 'netsh advfirewall firewall delete rule name="Synchronisation ($1)"'
  Pop $0
  nsExec::Exec 'netsh advfirewall firewall add rule name="Synchronisation ($1)" dir=in action=allow protocol=TCP program="$INSTDIR\$1" profile=any'
  Pop $0
  ${If} $0 != 0
    DetailPrint "$(NO_FIREWALL)"
  ${EndIf}
FunctionEnd

Section "Uninstall"
  !insertmacro REFUSE_WHILE_RUNNING
  nsExec::Exec 'netsh advfirewall firewall delete rule name="Synchronisation (Synchronisation.exe)"'
  nsExec::Exec 'netsh advfirewall firewall delete rule name="Synchronisation (node.exe)"'
  DeleteRegValue HKCU "${RUN_KEY}" "Synchronisation"
  DeleteRegKey SHCTX "${KEY}"
  RMDir /r "$SMPROGRAMS\Synchronisation"
  ; Nothing but what was installed: somebody may have chosen a folder with other things in it.
  RMDir /r "$INSTDIR\package.nw"
  RMDir /r "$INSTDIR\locales"
  RMDir /r "$INSTDIR\swiftshader"
  Delete "$INSTDIR\*.dll"
  Delete "$INSTDIR\*.pak"
  Delete "$INSTDIR\*.bin"
  Delete "$INSTDIR\*.dat"
  Delete "$INSTDIR\credits.html"
  Delete "$INSTDIR\vk_swiftshader_icd.json"
  Delete "$INSTDIR\notification_helper.exe"
  Delete "$INSTDIR\Synchronisation.exe"
  Delete "$INSTDIR\node.exe"
  Delete "$INSTDIR\synchro.cmd"
  Delete "$INSTDIR\LICENSE*"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  ; The program's own folder is each user's, whoever it was installed for.
  SetShellVarContext current
  ${If} ${FileExists} "$LOCALAPPDATA\Synchronisation\settings.json"
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(DELETE_DATA)" /SD IDNO IDNO kept
    RMDir /r "$LOCALAPPDATA\Synchronisation"
    kept:
  ${EndIf}
SectionEnd
