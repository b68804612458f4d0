# Writes the files FILES as entries {"name", R"gd(text)gd"}, to the file OUT.
set(text "")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} contents)
  string(APPEND text "{\"${name}\", R\"gd(${contents})gd\"},\n")
endforeach()
file(WRITE ${OUT} "${text}")
