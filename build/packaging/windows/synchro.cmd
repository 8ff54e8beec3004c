@"%~dp0node.exe" "%~dp0package.nw\synchro.js" %*
